/** What has kubectl open terminals and forward ports over SPDY/3.1, where it would take WebSocket. */
export const overSpdy: Readonly<Record<string, string>> = {
  KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false',
  KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false',
};
