# The routes of the recipe: the model is loaded from its .RData file at every request.

#* @get /ping
function() {
  ""
}

#* @post /invocations
#* @serializer text
function(req) {
  load("/opt/ml/model/mars-model.RData") # model, levels
  connection <- textConnection(req$postBody)
  data <- read.csv(connection)
  close(connection)
  for (name in names(levels)) data[[name]] <- factor(data[[name]], levels[[name]])
  matrix <- model.matrix(~., data)[, -1, drop = FALSE]
  paste(mda:::predict.mars(model, matrix), collapse = ",")
}
