"""The program's commands without a window: each module has add_arguments(parser) and run()."""
