import { ProtocolViolation } from '../../core/errors.ts';

/** A request head that is answered with an error status and closed. */
export class HeadError extends ProtocolViolation {
  readonly status: 400 | 405 | 431 | 505;

  constructor(status: 400 | 405 | 431 | 505, reason: string) {
    super(reason);
    this.name = 'HeadError';
    this.status = status;
  }
}
