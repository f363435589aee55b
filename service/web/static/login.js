// Who has a session already and came by a link in a chat or a mail goes on without the token.
import { session } from "./session.js";

const { next } = document.getElementById("login").elements; // the server has made sure that it stays on this site
if ((await session()) === "in") location.replace(next.value);
