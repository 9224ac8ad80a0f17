model <- model_of(linear, iris_table, list(target = "Sepal.Length"))
csv <- "Sepal.Width,Petal.Length,Petal.Width,Species\n3.5,1.4,0.2,setosa\n"
one <- unname(predict(lm(Sepal.Length ~ ., iris), iris[1L, ]))

status <- function(answer) answer[[4L]]
error_of <- function(answer) jsonlite::fromJSON(answer[[1L]])$error

post <- function(body, content_type = "text/csv", accept = NULL) {
  invoke(linear, model, charToRaw(body), content_type, accept)
}

test_that("CSV and JSON are answered alike, with 15 digits", {
  answer <- post(csv)
  expect_identical(answer[[2L]], "application/json")
  expect_identical(answer[[1L]], sprintf("{\"predictions\":[%.15g]}", one))
  rows <- jsonlite::toJSON(list(instances = iris[1L, c(5, 3, 2, 4)]), digits = NA)
  expect_identical(post(rows, "application/json")[[1L]], answer[[1L]])
})

test_that("Accept: text/csv gives a number per line and no header", {
  expect_identical(post(csv, accept = "text/csv")[1:2], list(sprintf("%.15g\n", one), "text/csv"))
})

test_that("text/csv; header=absent is scored by position", {
  rows <- sub("^[^\n]*\n", "", csv)
  for (type in c("text/csv; header=absent", "Text/CSV;charset=utf-8 ; Header=\"absent\"")) {
    expect_identical(post(rows, type), post(csv, accept = "text/csv"))
    expect_identical(post(rows, type, "*/*"), post(csv, accept = "text/csv"))
    expect_identical(post(rows, type, "application/json"), post(csv))
  }
  expect_identical(post(csv, "text/csv; charset=utf-8; header=present"), post(csv))
  expect_identical(status(post(csv, "text/csv; header=absent")), 400L)
  expect_identical(status(post(rows, "text/csv; header=none")), 415L)
  expect_match(error_of(post(rows, "text/csv; header=none"))$message, "text/csv; header=absent")
})

test_that("a model of data without a header takes CSV without one, unless it is said", {
  bare <- model
  bare$metadata$header <- "absent"
  send <- function(...) invoke(linear, bare, charToRaw(..1), ..2)
  rows <- sub("^[^\n]*\n", "", csv)
  for (type in c("text/csv", "text/csv; charset=utf-8", "text/csv; header=absent")) {
    expect_identical(send(rows, type), post(csv, accept = "text/csv"))
  }
  expect_identical(send(csv, "text/csv; header=present"), post(csv))
  expect_identical(status(send(rows, "text/csv; header=none")), 415L)
})

test_that("media types are read with parameters, case, wildcards and quality", {
  expect_identical(media_type(c("Text/CSV ; charset=utf-8", "a/b")), c("text/csv", "a/b"))
  json <- "application/json"
  choose <- function(accept, usual) choose_writer(accept, usual, c(json, "text/csv"))
  for (accept in c("*/*", "application/*", "text/html, application/json;q=0.5", "")) {
    expect_identical(choose(accept, json), json)
  }
  expect_identical(choose("application/json;q=0.1, text/csv", json), "text/csv")
  expect_identical(choose("text/html, */*;q=0.1", "text/csv"), "text/csv")
  expect_identical(choose("text/*", json), "text/csv")
  expect_identical(choose("application/json;q=0, text/html", json), NA_character_)
})

test_that("what cannot be read or written is 415 or 406, and an empty body is 400", {
  expect_identical(status(post(csv, "text/plain")), 415L)
  expect_identical(status(post(csv, NULL)), 415L)
  expect_identical(status(post(csv, accept = "image/png")), 406L)
  expect_identical(status(invoke(linear, model, NULL, "text/csv")), 400L)
  expect_identical(error_of(invoke(linear, model, NULL))$code, "EmptyBody")
})

test_that("a bad cell names row, column, what was found and what is expected", {
  answer <- post("Species,Sepal.Width,Petal.Length,Petal.Width\nrosa,3,1,0.2\nsetosa,wide,1,NA\n")
  expect_identical(status(answer), 400L)
  for (part in c(
    "row 1, column 'Species': found 'rosa', expected one of setosa, versicolor, virginica",
    "row 2, column 'Sepal.Width': found 'wide', expected a number",
    "row 2, column 'Petal.Width': found nothing, expected a number"
  )) expect_match(error_of(answer)$message, part, fixed = TRUE)
})

test_that("JSON values keep their types, and every wrong one is named", {
  bad <- paste0(
    "{\"instances\": [{\"Sepal.Width\": true, \"Petal.Length\": null, ",
    "\"Petal.Width\": [1], \"Species\": 3}]}"
  )
  message <- error_of(post(bad, "application/json"))$message
  for (found in c("'true'", "nothing", "'[1]'", "'3'")) {
    expect_match(message, paste("found", found), fixed = TRUE)
  }
})

test_that("a body that is not what JSON must be is 400", {
  for (body in c(
    "{", "[]", "3", "{\"instances\": []}", "{\"instances\": {\"a\": 1}}", "{\"instances\": [1]}",
    "%s%s%n%n",
    "{\"instances\": [{\"Species\": \"setosa\", \"Species\": \"setosa\"}]}"
  )) {
    answer <- post(body, "application/json")
    expect_identical(status(answer), 400L, label = body)
    expect_identical(error_of(answer)$code, "InvalidInput")
  }
})

test_that("JSON of too many levels is 400, in a value as well", {
  deep <- function(levels) paste0(strrep("[", levels), strrep("]", levels))
  row <- "{\"instances\": [{\"Sepal.Width\": %s}]}"
  for (body in c(deep(1e5), sprintf(row, deep(1e5)), sprintf(row, deep(5000)))) {
    answer <- post(body, "application/json")
    expect_identical(status(answer), 400L)
    expect_match(error_of(answer)$message, "JSON of too many levels")
  }
})

test_that("digits survive in a column where numbers and text meet", {
  expect_identical(simplify_column(list(3.14159265358979, "2")), c("3.14159265358979", "2"))
})

test_that("a mistake in a container's own function is named in the log", {
  program <- folder_with("model.R" = paste(
    "predict_model <- function(fit, data) valeus",
    "fit_model <- function(data, target, settings) NULL",
    "task <- regression('stats', list(), fit_model, predict_model)",
    sep = "\n"
  ))
  expect_message(
    answer <- invoke(read_task(program), model, charToRaw(csv), "text/csv"),
    "internal error in predict_model(): object 'valeus' not found", fixed = TRUE
  )
  expect_identical(status(answer), 500L)
})

test_that("an error of our own is 500 and keeps its text in the log", {
  broken <- model
  broken$fit <- "not a model"
  expect_message(answer <- invoke(linear, broken, charToRaw(csv), "text/csv"), "internal error")
  expect_identical(status(answer), 500L)
  expect_false(grepl("not a model", answer[[1L]], fixed = TRUE))
})

test_that("headers are found among the lines that HAProxy sends", {
  lines <- c("Request-Method: POST", "x-accept: no", "accept: text/csv", "content-type: a/b; c=d")
  expect_identical(header_value(lines, "accept: "), "text/csv")
  expect_identical(header_value(lines, "content-type: "), "a/b; c=d")
  expect_null(header_value(lines, "cookie: "))
})

test_that("requests are told apart by both headers, however many kinds there were before", {
  handle <- request_handler(linear, model)
  send <- function(...) {
    block <- paste0("Request-Method: POST\n", paste0(c(...), "\n", collapse = ""))
    handle("/invocations", NULL, charToRaw(csv), charToRaw(block))
  }
  type <- "content-type: text/csv"
  for (n in 0:(2L * most_remembered)) {
    expect_identical(send(type, "accept: text/csv"), post(csv, accept = "text/csv"))
    expect_identical(send("accept: text/csv", type), post(csv, accept = "text/csv"))
    expect_identical(send(type), post(csv))
    expect_identical(status(send(type, sprintf("accept: text/x%d", n))), 406L)
    expect_identical(status(send("accept: text/csv")), 415L)
    expect_identical(status(send()), 415L)
  }
  expect_length(environment(handle)$remembered, most_remembered)
})
