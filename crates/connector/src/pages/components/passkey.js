for (const part of document.querySelectorAll("[data-passkey]")) {
  const { passkey, challenge, party, user, name, exclude } = part.dataset;
  const status = part.querySelector("[role=status]");
  const button = part.querySelector("button");
  const form = part.closest("form");
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const isPossible = Boolean(window.PublicKeyCredential);
  part.hidden = false;
  button.hidden = !isPossible;
  if (!isPossible) {
    part.querySelector(".or")?.remove();
    status.textContent = "This browser cannot use passkeys here.";
    continue;
  }
  const signIn = async () => {
    const { rawId, response } = await navigator.credentials.get({
      publicKey: { challenge: bytes(challenge), rpId: party, userVerification: "required", timeout: 300000 },
    });
    return [rawId, response.clientDataJSON, response.authenticatorData, response.signature, response.userHandle ?? new ArrayBuffer(0)];
  };
  const register = async () => {
    const { response } = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: party, name },
        user: { id: bytes(user), name: "owner", displayName: "Owner" },
        pubKeyCredParams: part.dataset.algorithms.split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
        excludeCredentials: exclude.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: 300000,
      },
    });
    return [response.clientDataJSON, response.attestationObject];
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = "";
    try {
      form.elements.passkey.value = (await (passkey === "get" ? signIn() : register())).map(text).join(".");
      form.submit();
    } catch (error) {
      const isKnown = error.name === "InvalidStateError";
      status.textContent = isKnown ? "This device has a passkey for this connector already." : "No passkey was used. You can try again.";
      button.disabled = false;
    }
  });
}
