# Ask the deployed model for predictions, through the HTTP API as any program would.
#
#   Rscript predict.R iris-tuned rows.csv

# ---- Settings: edit these, or say the same on the command line -----------------------------------

workload <- "iris-tuned" # which prediction problem
variant <- ""            # variant=<name>: which of its variants, where it has several; "" is any
rows <- data.frame(      # a row for each prediction; on the command line a CSV file of such rows
  Sepal.Width = c(3.5, 2.9, 3.0),
  Petal.Length = c(1.4, 4.6, 5.8),
  Petal.Width = c(0.2, 1.3, 2.2),
  Species = c("setosa", "versicolor", "virginica")
)

# --------------------------------------------------------------------------------------------------

source("sagestack.R")

usage <- "Rscript predict.R <workload> <rows.csv> variant=<name>"

#' Where the API answers. The embedded AWS of `make local` has one address for everything, which
#' boto3 knows by AWS_ENDPOINT_URL; the API's own name leads to the real AWS.
address_of <- function(url, endpoint = Sys.getenv("AWS_ENDPOINT_URL")) {
  if (!nzchar(endpoint)) return(url)
  api_and_stage <- sub("^https://([^.]+)\\.[^/]+", "\\1", url)
  sprintf("%s/_aws/execute-api/%s", sub("/$", "", endpoint), api_and_stage)
}

#' The answer to a POST that is signed with the caller's own credentials.
post <- function(url, body, headers) {
  python({
    session <- python_module("boto3")$Session()
    request <- python_module("botocore.awsrequest")$AWSRequest(
      method = "POST", url = url, data = body, headers = headers
    )
    signer <- python_module("botocore.auth")$SigV4Auth(
      session$get_credentials(), "execute-api", session$region_name
    )
    signer$add_auth(request)
    proxies <- python_module("botocore.utils")$get_environ_proxies(url)
    http <- python_module("botocore.httpsession")$URLLib3Session(proxies = proxies)
    answer <- http$send(request$prepare())
    list(status = as_r(answer$status_code), text = as_r(answer$text))
  })
}

#' What the API says is wrong, in a line.
refusal <- function(answer) {
  body <- tryCatch(jsonlite::fromJSON(answer$text), error = function(e) list())
  said <- c(body$detail, body$message, answer$text)[1L]
  allowed <- toString(unlist(body$allowed))
  sprintf(
    "the API answers %d: %s%s", answer$status, said,
    if (nzchar(allowed)) paste0("; allowed: ", allowed) else ""
  )
}

predictions <- function(workload, rows, variant) {
  parameter <- ask("ssm", "get_parameter", Name = sprintf("/%s/api/url", app()))$Parameter
  of <- if (nzchar(variant)) paste0("/variants/", utils::URLencode(variant, TRUE)) else ""
  url <- sprintf("%s/workloads/%s%s/invocations", address_of(parameter$Value), workload, of)
  body <- jsonlite::toJSON(list(instances = rows), digits = NA, na = "null")
  headers <- list(`Content-Type` = "application/json", Accept = "application/json")
  answer <- post(url, as.character(body), headers)
  if (answer$status != 200L) problem("%s", refusal(answer))
  jsonlite::fromJSON(answer$text)$predictions
}

main <- function() {
  given <- read_arguments(usage, c("workload", "rows"))
  assert_settings(given$values, "variant")
  said <- utils::modifyList(list(workload = workload, variant = variant), given$values)
  said <- utils::modifyList(said, given$names)
  if (!is.null(said$rows)) {
    if (!file.exists(said$rows)) problem("there is no file \"%s\"", said$rows)
    rows <- read_rows(said$rows)
  }
  print(cbind(rows, prediction = predictions(said$workload, rows, said$variant)), digits = 7L)
}

run(main)
