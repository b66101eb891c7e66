const form = document.querySelector("form");
const { file: field } = form.elements;
const button = form.querySelector("button");
const progress = form.querySelector("progress");
const status = form.querySelector("[role=status]");
const most = Number(form.dataset.mostBytes);

/** Returns a copy of what a template of the page holds. */
const copy = (id) => document.getElementById(id).content.cloneNode(true);

// A file that is too large is known before it is sent.
field.addEventListener("change", () => {
  field.setCustomValidity(field.files[0]?.size > most ? form.dataset.error413 : "");
  field.reportValidity();
});

/** Shows whether the file is on its way. */
function sends(text) {
  progress.hidden = text === "";
  button.disabled = text !== "";
  status.textContent = text;
}

function fails(text) {
  sends("");
  const before = document.getElementById("problem");
  const alert = copy("failed");
  alert.firstElementChild.append(text);
  if (before) before.replaceWith(alert);
  else document.querySelector("h1").after(alert);
  field.setAttribute("aria-describedby", "file-hint problem");
  field.focus();
}

function arrives({ name }) {
  const arrived = copy("arrived");
  if (name) arrived.querySelector("bdi").textContent = name;
  form.parentElement.replaceChildren(arrived);
  const heading = document.querySelector("h1");
  document.title = heading.textContent;
  heading.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const sending = new XMLHttpRequest();
  sending.open("POST", location.href);
  sending.setRequestHeader("accept", "application/json");
  sending.responseType = "json";
  sending.upload.addEventListener("progress", ({ loaded, total }) => {
    progress.value = loaded / total;
    // A screen reader says each text: not more than ten.
    const done = loaded < total ? `${Math.floor((loaded / total) * 10) * 10}% sent` : "Sent. It is being stored …";
    if (status.textContent !== done) sends(done);
  });
  sending.addEventListener("load", () => {
    const answer = sending.response;
    if (sending.status === 201) arrives(answer);
    else fails(form.dataset[`error${sending.status}`] ?? answer?.error_description ?? form.dataset.error);
  });
  sending.addEventListener("error", () => fails(form.dataset.error));
  sends("Sending …");
  sending.send(new FormData(form));
});
