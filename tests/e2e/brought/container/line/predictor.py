# Answers /ping and /invocations with the line that was trained.

import json
import os

prefix = '/opt/ml/'
model_path = os.path.join(prefix, 'model')


class ScoringService(object):
    model = None  # loaded at the first request

    @classmethod
    def get_model(cls):
        if cls.model is None:
            with open(os.path.join(model_path, 'line.json'), 'r') as inp:
                cls.model = json.load(inp)
        return cls.model

    @classmethod
    def predict(cls, x):
        line = cls.get_model()
        return line['intercept'] + line['slope'] * x


def app(environ, start_response):
    def respond(status, body, content_type='text/csv'):
        start_response(status, [('Content-Type', content_type)])
        return [body.encode()]

    if environ['PATH_INFO'] == '/ping':
        health = ScoringService.get_model() is not None
        return respond('200 OK' if health else '404 Not Found', '\n', 'application/json')
    if environ.get('CONTENT_TYPE') != 'text/csv':
        return respond('415 Unsupported Media Type', 'This predictor only supports CSV data',
                       'text/plain')
    data = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH'])).decode()
    predictions = [ScoringService.predict(float(line)) for line in data.splitlines()]
    return respond('200 OK', ''.join('{!r}\n'.format(number) for number in predictions))
