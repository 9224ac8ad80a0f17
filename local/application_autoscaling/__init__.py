"""Application Auto Scaling of SageMaker's endpoint variants.

registration  its entries in MiniStack's dictionaries
service       the protocol, and one table from operation to function
targets       scalable targets: what is remembered of each, and the operations on them
policies      the operations on scaling policies; schedules: those on scheduled actions
scaler        looks at every target each second, and changes its capacity
decisions     what capacity a policy asks for; metrics: what CloudWatch has seen
"""
