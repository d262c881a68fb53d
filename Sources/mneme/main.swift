import ArgumentParser
import Logging
print("warm")
