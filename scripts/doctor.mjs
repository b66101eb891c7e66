// `npm run doctor -- URL` and `mcp-connector doctor URL`: the program in doctor/.
import '../doctor/cli.mjs';
