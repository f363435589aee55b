// There was no ledger when the page was asked for: it is asked for again once there is one.
import { Stream } from "./stream.js";

const stream = new Stream();
stream.addEventListener("jobs", () => location.reload());
stream.start();
