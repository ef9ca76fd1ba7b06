/** A policy that IAM would refuse, or that uses what is not simulated; says where. */
export class PolicyError extends Error {
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.name = 'PolicyError';
  }
}
