# POST /invocations: a request's bytes in, an answer out. HAProxy has checked path and method.

#' An answer for Rserve's HTTP server: list(payload, content type, headers, status).
answer <- function(text, type, status = 200L) list(text, type, character(), status)

problem <- function(status, code, message) {
  body <- list(error = list(code = code, message = message))
  answer(as_json(body), "application/json", status)
}

#' Answers one request. `body` is a raw vector or NULL, the two headers are text or NULL.
invoke <- function(task, model, body, content_type = NULL, accept = NULL,
                   formats = negotiate(task, model, content_type, accept)) {
  if (length(body) == 0L) {
    return(problem(400L, "EmptyBody", "the body is empty, expected at least one row"))
  }
  if (is.null(formats$read)) return(formats$problem)
  place <- NULL
  tryCatch(
    {
      table <- formats$read(as_text(body, "the body"), names(model$columns))
      answers <- withCallingHandlers(
        task$predict(model, table),
        error = function(e) place <<- own_function(),
        warning = function(w) tryInvokeRestart("muffleWarning") # nobody would be told of it
      )
      answer(formats$write(answers, formats$request), formats$answer)
    },
    error = function(e) {
      if (inherits(e, "user_error")) return(problem(400L, "InvalidInput", conditionMessage(e)))
      message(internal_error(conditionMessage(e), place)) # for the log, not for the client
      problem(500L, "InternalError", "the model could not score this request")
    }
  )
}

#' What the two headers ask for: list(request, read, answer, write), the formats of both and their
#' functions, or list(problem) with the answer that says why not.
negotiate <- function(task, model, content_type, accept) {
  format <- request_format(c(content_type, "")[1L], has_header(model))
  if (is.null(readers[[format]])) {
    return(list(problem = problem(415L, "UnsupportedMediaType", sprintf(
      "Content-Type: found %s, expected one of %s",
      quoted(c(content_type, "")[1L]), toString(names(readers))
    ))))
  }
  type <- choose_writer(accept, usual_writer(format), names(task$writers))
  if (is.na(type)) {
    return(list(problem = problem(406L, "NotAcceptable", sprintf(
      "Accept: found %s, possible are %s", quoted(accept), toString(names(task$writers))
    ))))
  }
  list(request = format, read = readers[[format]], answer = type, write = task$writers[[type]])
}

# What clients ask for is much the same each time. Whoever sends ever other headers fills no memory.
most_remembered <- 100L

#' The function that Rserve calls for each request, bound to a model of a task.
request_handler <- function(task, model) {
  remembered <- new.env()
  function(url, query, body, headers) {
    lines <- strsplit(rawToChar(headers), "\n", fixed = TRUE)[[1L]]
    # with names in lower case, as HAProxy sends them
    asked <- lines[startsWith(lines, "content-type: ") | startsWith(lines, "accept: ")]
    key <- paste0(c("asked:", asked), collapse = "\n") # of no header, too, a name
    formats <- remembered[[key]]
    if (is.null(formats)) {
      type <- header_value(asked, "content-type: ")
      formats <- negotiate(task, model, type, header_value(asked, "accept: "))
      if (length(remembered) < most_remembered) assign(key, formats, remembered)
    }
    invoke(task, model, body, formats = formats)
  }
}

#' The value of a header among lines, or NULL.
header_value <- function(lines, name) {
  line <- lines[startsWith(lines, name)]
  if (length(line) > 0L) substring(line[1L], nchar(name) + 1L)
}

#' Sends an example through all that a request takes until R has compiled it: here, before the fork,
#' and not in every process that a connection gets.
warm_up <- function(handle, example) {
  body <- charToRaw(format_csv(example))
  headers <- charToRaw("content-type: text/csv; header=present\n")
  for (i in 1:3) handle("/invocations", NULL, body, headers)
}
