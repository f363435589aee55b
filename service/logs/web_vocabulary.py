"""Events of the web face, and of what is asked for through it; part of the vocabulary."""

from __future__ import annotations

from service.logs.event import event

WEB_EVENTS = (
    event("web.listening", "info", "The web face takes requests.", "address token"),
    event("web.stopped", "info", "The web face has stopped."),
    event("web.ended", "warning", "The web face ended by itself; it is started again.", "retry_in_s exit_code? cause?"),
    event(
        "web.failed",
        "error",
        "A request met a bug and was answered with 500.",
        "method path cause traceback",
        rate="cause",
    ),
    event("request.received", "info", "Somebody asks for a video through the web face.", "request way path? url?"),
    event("request.taken", "info", "The video of a request is taken; its job says the rest.", "request way path"),
    event(
        "request.refused",
        "warning",
        "What was asked for cannot be.",
        "request way reason detail path? url?",
        rate="reason",
    ),
    event(
        "request.failed",
        "warning",
        "What was asked for came to nothing; asked again, it may not.",
        "request way reason detail path? url?",
        rate="reason",
    ),
    event("upload.done", "info", "An upload lies whole in its folder.", "request path size_bytes seconds"),
    event("download.started", "info", "A video is fetched by its URL.", "request url pid"),
    event("download.done", "info", "A download lies whole in its folder.", "request url path size_bytes seconds"),
    event("download.failed", "error", "Fetching met a bug; the next is fetched.", "cause traceback", rate="cause"),
    event("received.swept", "info", "Remains of uploads and downloads that were cut short are removed.", "count"),
)
