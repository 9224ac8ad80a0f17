"""The least app there is: one stack with nothing in it."""

from aws_cdk import App, Stack

app = App()
Stack(app, "empty")
app.synth()
