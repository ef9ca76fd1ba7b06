import { ApiError } from '../contract.ts';

/** Not modelled by CloudWatch: what the service answers for a value outside a constraint. */
export function validationError(message: string): ApiError {
  return new ApiError('ValidationError', message, 400);
}

export function invalidValue(message: string): ApiError {
  return new ApiError('InvalidParameterValueException', message, 400);
}

export function invalidCombination(message: string): ApiError {
  return new ApiError('InvalidParameterCombinationException', message, 400);
}

export function missingParameter(message: string): ApiError {
  return new ApiError('MissingRequiredParameterException', message, 400);
}

/** SetAlarmState of an unknown alarm; recorded with status 404 and an empty message. */
export function alarmNotFound(): ApiError {
  return new ApiError('ResourceNotFound', '', 404);
}

export function arnNotFound(arn: string): ApiError {
  return new ApiError('ResourceNotFoundException', `Resource ${arn} not found`, 404);
}
