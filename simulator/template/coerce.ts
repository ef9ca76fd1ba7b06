import type { ServiceName } from '../contract.ts';
import { type ServiceModel, shapeOf } from '../wire/model.ts';
import { findServiceOperation } from '../wire/protocol.ts';
import { isJsonObject, type Json } from './read.ts';

/** CloudFormation takes `"60"` for 60 and 60 for `"60"`; the services do not. */
function coerce(model: ServiceModel, shapeName: string, value: Json): Json {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 'string':
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    case 'list':
      return Array.isArray(value) ? value.map((entry) => coerce(model, shape.member!, entry)) : value;
    case 'structure': {
      if (!isJsonObject(value)) return value;
      const entries = Object.entries(value).map(([name, entry]) => {
        const member = shape.members?.[name];
        return [name, member === undefined ? entry : coerce(model, member, entry)] as const;
      });
      return Object.fromEntries(entries);
    }
    default:
      return value;
  }
}

export function coerceInput(service: ServiceName, operation: string, input: Json): Json {
  const { model } = findServiceOperation(service, operation);
  return coerce(model, model.operations[operation]!.input!, input);
}
