#!/bin/sh
# For VS Code: F5 in an open example builds it as `make debug-` does and starts it in gdb (extension
# C/C++) or lldb (extension CodeLLDB). Writes .vscode, unless there is another.
# usage: vscode.sh     from the repository's root
mkdir -p .vscode build || exit 1
program="\${workspaceFolder}/build/debug-\${fileBasenameNoExtension}"
common="\"request\": \"launch\", \"program\": \"$program\", \"args\": [],
      \"cwd\": \"\${workspaceFolder}\", \"preLaunchTask\": \"build the open example\""
write() { # write FILE, its new text on stdin
    cat >build/vscode.json
    if [ -e "$1" ] && ! cmp -s build/vscode.json "$1"; then
        echo "$1 is there and differs: remove it first, or merge build/vscode.json into it"
        exit 1
    fi
    cp build/vscode.json "$1" && echo "$1 written"
}
write .vscode/tasks.json <<END
{
  "version": "2.0.0",
  "tasks": [
    {
      "label": "build the open example",
      "type": "process",
      "command": "make",
      "args": ["build/debug-\${fileBasenameNoExtension}"],
      "options": {"cwd": "\${workspaceFolder}"},
      "problemMatcher": ["\$gcc"]
    }
  ]
}
END
write .vscode/launch.json <<END
{
  "version": "0.2.0",
  "configurations": [
    {
      "name": "the open example, gdb", "type": "cppdbg", "MIMode": "gdb", "stopAtEntry": true,
      $common,
      "setupCommands": [
        {"text": "-enable-pretty-printing"},
        {"text": "source \${workspaceFolder}/book/tools/nn_gdb.py"},
        {"text": "python nn_panes = True"}
      ]
    },
    {
      "name": "the open example, lldb", "type": "lldb", "stopOnEntry": false,
      $common,
      "initCommands": ["command script import \${workspaceFolder}/book/tools/nn_lldb.py"],
      "preRunCommands": ["breakpoint set --name main"]
    }
  ]
}
END
echo "open an example and press F5"
