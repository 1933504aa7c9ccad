import { command, commandOf, type Command, type Family } from './command.ts';

const spdy = { env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' } };
/**
 * The kubelet's stand-in, when a command ends at once, now and then closes its streams before all of its output has been
 * passed on, with the proxy and without: so every command goes on for a second after its last word.
 */
const inPod = (script: string, more: Omit<Command, 'words'> = {}): Command =>
  commandOf(['exec', '-i', 'lone', '--', 'sh', '-c', `(${script}); code=$?; sleep 1; exit $code`], more);
const lastLine = ['shop listens on :8080'];

/** Logs, terminals, copies, forwarded ports. The kubelet's stand-in passes on no end of standard input: nothing is copied in. */
export const streaming: Family = {
  family: 'streaming',
  commands: [
    command('logs lone'),
    command('logs lone --tail=1'),
    command('logs lone --timestamps'),
    command('logs lone --limit-bytes=10'),
    command('logs lone -p'),
    command('logs lone -c none'),
    command('logs none'),
    command('logs deployment/web'),
    command('logs -l app=lone --prefix'),
    command('logs lone -f', { until: lastLine }),
    command('exec lone -- pwd-is-no-command'),
    inPod('echo out; echo err >&2'),
    inPod('echo seven; exit 7'),
    inPod('echo seven; exit 7', spdy),
    inPod('head -c 300000 /dev/zero | tr "\\0" x | md5sum'),
    inPod('head -n 2', { input: 'first\nsecond\n' }),
    command('exec none -- echo hello'),
    command('exec lone -c none -- echo hello'),
    inPod('mkdir -p {ns} && echo copied > {ns}/file'),
    command('cp lone:{ns}/file {ns}-file'),
    inPod('cat {ns}/file'),
    command('port-forward pod/lone :80 --address=127.0.0.1', { until: ['Forwarding from 127.0.0.1'] }),
    command('port-forward pod/none :80'),
    command('proxy --port=0', { until: ['Starting to serve'] }),
  ],
};
