"""The use cases of a node: who may do what stands here once.

The command line, the local socket, the console and the API only call these.
"""
