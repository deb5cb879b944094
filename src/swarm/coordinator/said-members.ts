import type { Member } from './member.ts';

/** Whom something was said: each sends it once, when the whole of it is known. */
export class SaidMembers {
  readonly #said = new Set<Member>();

  /** Says something to a member, and sends that and what waits. */
  say(member: Member, say: () => void): void {
    this.#said.add(member);
    say();
    this.flush();
  }

  /** Something was said to a member that `flush` is to send. */
  add(member: Member): void {
    this.#said.add(member);
  }

  /** A member that is gone is sent nothing. */
  delete(member: Member): void {
    this.#said.delete(member);
  }

  flush(): void {
    for (const member of this.#said) {
      this.#said.delete(member);
      member.setup.onSaid();
    }
  }
}
