"""Scenarios: exchanges between agencies written as data and played by real nodes.

``source`` reads the YAML file and keeps line numbers, ``model`` says what a scenario
may contain, ``expand`` unrolls repeated blocks and checks names, ``player`` plays the
steps on a stage, ``expectations`` compares what each node says with what the file
expects. ``stage`` starts the nodes as separate processes and puts a ``forwarder``
between each pair of them, so that a link can really be cut.

Nothing here prints: ``passerelle.cli`` does.
"""
