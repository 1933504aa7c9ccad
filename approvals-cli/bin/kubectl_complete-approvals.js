#!/usr/bin/env node
// kubectl's completion of plugins looks for a program of this name: it gets the words after `kubectl approvals`, and prints
// what fits, a word a line, then cobra's directive (4: no file names). Source: kubectl pkg/cmd/plugin/plugin_completion.go.
import process from 'node:process';

process.on('exit', () => process.stdout.write(':4\n'));
process.argv.splice(2, 0, '__complete', '--');
await import('./approvals.js');
