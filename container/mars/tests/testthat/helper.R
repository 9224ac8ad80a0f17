withr::with_dir("../../toolkit/tests/testthat", source("helper.R"))
mars <- read_task("../..")
