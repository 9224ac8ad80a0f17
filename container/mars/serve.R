# The R side of `serve`: loads the model, scores once, then lets Rserve fork a process for each
# connection of HAProxy, so that all of them share the model's memory.

for (file in list.files("R", full.names = TRUE)) source(file)

model <- tryCatch(load_model(container_paths()$model), user_error = function(e) {
  message("serve: ", conditionMessage(e))
  quit(status = 1L)
})

# A model that cannot score never listens, so /ping never says 200 for it. Scoring here also lets R
# compile the functions once, before the fork.
example <- lapply(model$columns, function(column) c(column$levels, "0")[1L])
stopifnot(is.finite(predict_rows(model, example)))

# Rserve's HTTP server calls the function of this name for each request.
.http.request <- request_handler(model) # nolint: object_name_linter.

# Rserve's own protocol (QAP), which evaluates whatever it is sent, stays off: the function above is
# all that can be reached. Its HTTP server (1.8-11) listens on every address, also with "remote
# disable"; `allow` closes every connection that is not from this host.
invisible(Rserve::run.Rserve(
  config.file = "/dev/null",
  qap = "disable",
  http.port = Sys.getenv("RSERVE_PORT"),
  http.raw.body = "enable",
  allow = "127.0.0.1"
))
