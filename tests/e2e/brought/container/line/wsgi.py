import predictor as myapp

# gunicorn is told of this file, so that the predictor can be called what one likes
app = myapp.app
