# POST /invocations: a request's bytes in, an answer out. HAProxy has checked path and method.

#' An answer for Rserve's HTTP server: list(payload, content type, headers, status).
answer <- function(text, type, status = 200L) list(text, type, character(), status)

problem <- function(status, code, message) {
  body <- list(error = list(code = code, message = message))
  answer(as_json(body), "application/json", status)
}

#' Answers one request. `body` is a raw vector or NULL, the two headers are text or NULL.
invoke <- function(task, model, body, content_type = NULL, accept = NULL) {
  if (length(body) == 0L) {
    return(problem(400L, "EmptyBody", "the body is empty, expected at least one row"))
  }
  format <- request_format(c(content_type, "")[1L], has_header(model))
  reader <- readers[[format]]
  if (is.null(reader)) {
    return(problem(415L, "UnsupportedMediaType", sprintf(
      "Content-Type: found %s, expected one of %s",
      quoted(c(content_type, "")[1L]), toString(names(readers))
    )))
  }
  type <- choose_writer(accept, usual_writer(format), names(task$writers))
  if (is.na(type)) {
    return(problem(406L, "NotAcceptable", sprintf(
      "Accept: found %s, possible are %s", quoted(accept), toString(names(task$writers))
    )))
  }
  place <- NULL
  tryCatch(
    {
      table <- reader(as_text(body, "the body"), names(model$columns))
      answers <- withCallingHandlers(
        task$predict(model, table), error = function(e) place <<- own_function()
      )
      answer(task$writers[[type]](answers, format), type)
    },
    user_error = function(e) problem(400L, "InvalidInput", conditionMessage(e)),
    error = function(e) {
      message(internal_error(conditionMessage(e), place)) # for the log, not for the client
      problem(500L, "InternalError", "the model could not score this request")
    }
  )
}

#' The value of a header in Rserve's block of "Name: value" lines, or NULL.
header_value <- function(headers, name) {
  match <- regexpr(sprintf("(?im)^%s:[ \t]*\\K.*$", name), headers, perl = TRUE)
  if (match > 0L) regmatches(headers, match)
}

#' The function that Rserve calls for each request, bound to a model of a task.
request_handler <- function(task, model) {
  function(url, query, body, headers) {
    headers <- rawToChar(headers)
    type <- header_value(headers, "content-type")
    invoke(task, model, body, type, header_value(headers, "accept"))
  }
}
