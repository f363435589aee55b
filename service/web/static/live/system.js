// The page of the system: live.
import { Part } from "./part.js";
import { Stream } from "./stream.js";
import { tick } from "./times.js";

const SOON_MS = 3000;
const LATER_MS = 10000;

const system = new Part(document.getElementById("system"), SOON_MS);
const stream = new Stream(document.getElementById("system-module").dataset.last);

stream.addEventListener("service", () => system.want());
stream.addEventListener("jobs", () => system.want(LATER_MS));

tick(document.body);
stream.start();
