# What the scripts of this folder share: their arguments, AWS by Python's boto3, what is deployed.

# ---- Problems: one line that says what was found and what is allowed ----------------------------

#' Stops with a line for the user, made as sprintf() does.
problem <- function(...) stop(sprintf(...), call. = FALSE)

#' Runs a script. What goes wrong is one line; under Rscript the exit code is 1.
run <- function(main) {
  tryCatch(invisible(main()), error = function(e) {
    if (interactive()) stop(conditionMessage(e), call. = FALSE)
    writeLines(conditionMessage(e), stderr())
    quit(save = "no", status = 1L)
  })
}

#' The chosen one of several names; it need not be named where there is only one.
choose <- function(what, name, known) {
  if (!nzchar(name) && length(known) == 1L) return(known)
  if (!nzchar(name)) problem("%s: missing; allowed: %s", what, toString(known))
  if (!name %in% known) problem("%s: found \"%s\"; allowed: %s", what, name, toString(known))
  name
}

# ---- Arguments: words, and key=value ------------------------------------------------------------

#' Reads the words of a command line: those in front are `names`, in their order, those with a "="
#' are `values`. `usage` shows what is allowed.
read_arguments <- function(usage, names, words = commandArgs(trailingOnly = TRUE)) {
  pairs <- grepl("=", words, fixed = TRUE)
  plain <- words[!pairs]
  if (length(plain) > length(names)) {
    problem("found \"%s\" without a \"=\"; allowed: %s", plain[length(names) + 1L], usage)
  }
  keys <- sub("=.*", "", words[pairs])
  values <- sub("^[^=]*=", "", words[pairs])
  bad <- !nzchar(keys) | !nzchar(values)
  if (any(bad)) {
    problem("found \"%s\", which is no key=value; allowed: %s", words[pairs][bad][1L], usage)
  }
  if (anyDuplicated(keys)) {
    problem("found \"%s\" twice; allowed: each once", keys[anyDuplicated(keys)])
  }
  list(
    names = stats::setNames(as.list(plain), names[seq_along(plain)]),
    values = stats::setNames(as.list(values), keys)
  )
}

#' Stops at a key that is no setting of the script's: `settings` are all there are.
assert_settings <- function(values, settings) {
  unknown <- setdiff(names(values), settings)
  if (length(unknown) > 0L) {
    problem("found \"%s=\"; allowed: %s", unknown[1L], toString(paste0(settings, "=")))
  }
}

#' A value as SageMaker takes hyperparameters, which are all text: 100000 and not 1e+05.
as_text <- function(value) {
  if (is.numeric(value)) format(value, digits = 15L, scientific = FALSE) else as.character(value)
}

#' Reads yes or no, or R's own TRUE and FALSE.
as_yes <- function(what, value) {
  if (is.logical(value)) return(value)
  if (!value %in% c("yes", "no")) problem("%s: found \"%s\"; allowed: yes, no", what, value)
  value == "yes"
}

#' Rows of a CSV file, gzipped or not; a first line with a number in it is a row, not the names.
read_rows <- function(file) {
  first <- utils::read.csv(file, header = FALSE, nrows = 1L, colClasses = "character")
  numbers <- suppressWarnings(!is.na(as.numeric(unlist(first))))
  utils::read.csv(file, header = !any(numbers), stringsAsFactors = TRUE, check.names = FALSE)
}

# ---- AWS: boto3 finds the region and the credentials --------------------------------------------

clients <- new.env()

#' The client of a service, made once.
aws <- function(service) {
  if (is.null(clients[[service]])) {
    # somebody may follow a job for hours: a throttled call must not end that
    retries <- list(mode = "standard", total_max_attempts = 8L)
    config <- python_module("botocore.config")$Config(retries = retries)
    clients[[service]] <- python_module("boto3")$client(service, config = config)
  }
  clients[[service]]
}

#' The answer of an operation, as lists: ask("ssm", "get_parameter", Name = "/sagestack/api/url").
ask <- function(service, operation, ...) {
  python(as_r(do.call(aws(service)[[operation]], lapply(list(...), as_python))))
}

#' The answer of an operation that comes in pages, as if it were one.
ask_all <- function(service, operation, ...) {
  python({
    pages <- aws(service)$get_paginator(operation)
    as_r(do.call(pages$paginate, lapply(list(...), as_python))$build_full_result())
  })
}

#' Nothing is converted by itself: a list of one text would come back as the text alone, and AWS
#' would refuse it. Through JSON all comes back as it was.
python_module <- function(name) {
  if (!reticulate::py_module_available(name)) {
    problem("Python has no %s: RETICULATE_PYTHON names a Python that has boto3", name)
  }
  reticulate::import(name, convert = FALSE)
}

as_r <- function(value) {
  text <- python_module("json")$dumps(value, default = python_module("builtins")$str)
  jsonlite::fromJSON(reticulate::py_to_r(text), simplifyVector = FALSE)
}

as_python <- function(value) {
  text <- jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA, null = "null")
  python_module("json")$loads(as.character(text))
}

#' Runs code that calls Python; an exception is what it says, without its class, in one line.
python <- function(code) tryCatch(code, error = function(e) problem("%s", python_message(e)))

python_message <- function(error) {
  lines <- strsplit(conditionMessage(error), "\n", fixed = TRUE)[[1L]]
  # newer versions of reticulate add how to see the traceback
  said <- lines[nzchar(lines) & !grepl("py_last_error", lines, fixed = TRUE)]
  sub("^[A-Za-z_][A-Za-z0-9_.]*: ", "", paste(said, collapse = " "))
}

#' Downloads an s3://bucket/key to a file of this session, with the same end of its name.
download <- function(uri) {
  file <- tempfile(fileext = sub("^[^.]*", "", basename(uri)))
  tryCatch(
    python(aws("s3")$download_file(bucket_of(uri), key_of(uri), file)),
    # S3 says neither which one it has not found nor which one is forbidden
    error = function(e) problem("%s: %s", uri, conditionMessage(e))
  )
  file
}

bucket_of <- function(uri) sub("^s3://([^/]*).*", "\\1", uri)
key_of <- function(uri) sub("^s3://[^/]*/?", "", uri)

# ---- What is deployed: the app's parameters in the Parameter Store ------------------------------

#' The app's name: that of its environment file, "sagestack" if nothing else is said.
app <- function() {
  name <- Sys.getenv("SAGESTACK_APP")
  if (nzchar(name)) name else "sagestack"
}

#' The jobs by which each model of a workload was deployed, as /<app>/jobs/<workload> names them.
deployed_jobs <- function(workload) {
  path <- sprintf("/%s/jobs", app())
  found <- ask_all("ssm", "get_parameters_by_path", Path = path)$Parameters
  names(found) <- vapply(found, function(each) basename(each$Name), "")
  if (length(found) == 0L) {
    problem("no workload of %s is deployed (SAGESTACK_APP names another app)", app())
  }
  name <- choose("workload", workload, sort(names(found)))
  models <- jsonlite::fromJSON(found[[name]]$Value, simplifyVector = FALSE)$models
  if (length(models) == 0L) {
    problem("%s trains nothing: the artifacts of its models are given", name)
  }
  models
}

#' What SageMaker knows of a job; `kind` is "Training" or "Processing".
describe <- function(kind, name) {
  arguments <- stats::setNames(list(name), sprintf("%sJobName", kind))
  operation <- sprintf("describe_%s_job", tolower(kind))
  tryCatch(
    do.call(ask, c(list("sagemaker", operation), arguments)),
    # SageMaker does not say which one it has not found
    error = function(e) problem("%s job %s: %s", tolower(kind), name, conditionMessage(e))
  )
}

#' What a training job was given, without what a tuning tells its training jobs beside.
hyperparameters_of <- function(job) {
  given <- as.list(job$HyperParameters)
  given[names(given) != "_tuning_objective_metric"]
}
