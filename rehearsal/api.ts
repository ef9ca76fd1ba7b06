import type { Caller, ServiceName, SimulatedAws } from '../simulator/contract.ts';
import { loadServiceModel } from '../simulator/wire/model.ts';

type Answer =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: string; readonly message: string };

export type Api = (
  service: ServiceName,
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => Promise<Answer>;

const decoder = new TextDecoder();

/** Calls of one caller over the wire format, so that inputs are checked and errors look as a client sees them. */
export function createApi(aws: SimulatedAws, caller: Caller): Api {
  const handler = aws.requestHandler(caller);
  return async (service, operation, input) => {
    const { response } = await handler.handle({
      method: 'POST',
      path: '/',
      headers: {
        'x-amz-target': `${loadServiceModel(service).targetPrefix}.${operation}`,
        'content-type': 'application/x-amz-json-1.1',
      },
      body: JSON.stringify(input),
    });
    const { statusCode, body } = response as { statusCode: number; body: Uint8Array };
    const text = decoder.decode(body);
    const value = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    if (statusCode < 300) return { ok: true, value };
    const code = String(value['__type'] ?? 'UnknownError').replace(/^.*#/, '');
    return { ok: false, code, message: String(value['message'] ?? value['Message'] ?? '') };
  };
}

/** For calls that the rehearsal itself needs: a refusal is a mistake of the scenario, told as it is. */
export async function mustAnswer(
  api: Api,
  service: ServiceName,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await api(service, operation, input);
  if (!answer.ok) throw new Error(`${service}.${operation}: ${answer.code}: ${answer.message}`);
  return answer.value;
}
