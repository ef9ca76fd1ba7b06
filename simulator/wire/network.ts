import type { NetworkFault } from '../contract.ts';
import type { WireResponse } from './protocol.ts';

const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n';

/** A reset as the SDK's own request handler for Node tells it: Node's error, renamed. */
export function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
}

/** An answer as it reaches the client over a network that fails; undefined: none does, the connection is reset. */
export function spoil(response: WireResponse, kind: NetworkFault['kind']): WireResponse | undefined {
  if (kind === 'reset') return undefined;
  if (kind === 'html') return { statusCode: 502, headers: { 'content-type': 'text/html' }, body: BAD_GATEWAY };
  // Cut by something in between that closed the connection properly: the client takes what came for the whole body.
  // Of an answer without a body nothing can come but its end.
  if (response.body === '') return undefined;
  return { ...response, body: response.body.slice(0, Math.floor(response.body.length / 2)) };
}
