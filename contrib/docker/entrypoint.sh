#!/bin/sh
# Chooses what the container runs: arguments, then distream.yaml, then DiStreamer's file or variables, then the demo.
set -eu

if [ "$#" -gt 0 ]; then
  exec distream "$@"
elif [ -f /distream/distream.yaml ]; then
  exec distream run /distream/distream.yaml
elif [ -f /distreamer/conf/distreamer.conf ]; then
  exec distreamer /distreamer/conf/distreamer.conf
elif env | grep -q '^DS_INPUT_'; then
  exec distreamer
else
  exec distream demo
fi
