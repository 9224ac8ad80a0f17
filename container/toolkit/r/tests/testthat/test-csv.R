test_that("cells are text under the header's names, whatever the line end", {
  expected <- list(a = c("1", "3"), b = c("x", "y"))
  expect_identical(parse_csv("a,b\n1,x\n3,y"), expected)
  expect_identical(parse_csv("a,b\r\n1,x\r\n3,y\r\n\r\n"), expected)
})

test_that("empty cells stay, also the last of a row", {
  expect_identical(parse_csv("a,b\n,\n1,\n"), list(a = c("", "1"), b = c("", "")))
})

test_that("quoted fields hold commas, quotes and line breaks", {
  text <- "\"a\",\"b, c\"\n\"1\",\"say \"\"no\"\"\"\n2,\"two\r\nlines\"\n3,\"\"\n"
  expect_identical(
    parse_csv(text),
    list(a = c("1", "2", "3"), "b, c" = c("say \"no\"", "two\r\nlines", ""))
  )
})

test_that("every row's field count is checked, not the body's", {
  expect_reported(parse_csv("a,b\n1\n2,3,4\n"), "row 1: found 1 fields, expected 2")
  expect_reported(parse_csv("a,b\n1\n2,3,4\n"), "row 2: found 3 fields, expected 2")
  expect_reported(parse_csv("a,b\n1,2\n\n3,4\n"), "row 2: found 1 fields, expected 2")
})

test_that("without a header, columns are taken by position", {
  names <- c("a, b", "c")
  expected <- list("a, b" = c("1", "3"), c = c("x", "y"))
  expect_identical(parse_csv_rows("1,x\r\n3,\"y\"\r\n", names), expected)
  message <- "by position, the columns are a, b, c: row 2: found 1 fields, expected 2"
  expect_reported(parse_csv_rows("1,x\n1\n", names), message)
})

test_that("data without a header have columns called by position, and rows from the first line", {
  expected <- list("1" = c("1", "3"), "2" = c("x", "y,z"))
  expect_identical(parse_csv("1,x\n3,\"y,z\"\n", FALSE), expected)
  expect_identical(parse_csv("1,x\n", FALSE), list("1" = "1", "2" = "x"))
  expect_reported(parse_csv("1,x\n1\n", FALSE), "row 2: found 1 fields, expected 2")
  expect_reported(parse_csv("1,x\"\"\n", FALSE), "row 1: found a quote inside 'x\"\"'")
  expect_error(parse_csv("", FALSE), "^found no text, expected CSV$", class = "user_error")
})

test_that("what is written is read again", {
  table <- list(a = c("1", ""), "say \"b\", c" = c("two\nlines", "\"\""))
  expect_identical(parse_csv(format_csv(table)), table)
})

test_that("quotes that do not surround a field are refused", {
  expect_reported(parse_csv("a,b\n1,x\"y\"\n"), "row 1: found a quote inside 'x\"y\"'")
  expect_reported(parse_csv("a,b\n1,2\n\"open,2\n"), "row 2: found a quote inside")
})

test_that("text without a line is refused", {
  for (text in c("", "\n", "\r\n\n")) expect_reported(parse_csv(text), "found no text")
})

test_that("a long quoted field does not exhaust the regular expression engine", {
  field <- paste(rep("word \"\"quoted\"\" ", 20000L), collapse = "")
  expect_equal(nchar(parse_csv(paste0("a,b\n1,\"", field, "\"\n"))$b), 280000L)
})

test_that("bytes must be UTF-8; a byte order mark is not part of the text", {
  expect_identical(as_text(charToRaw("\ufeffa,b"), "x"), "a,b")
  expect_reported(as_text(as.raw(c(0x61, 0xff)), "the body"), "the body is not UTF-8 text")
  expect_reported(as_text(as.raw(c(0x61, 0x00)), "the body"), "the body holds NUL bytes")
})
