import type { Holding, Member } from './member.ts';
import type { SharedFile } from './shared-file.ts';

/** Who holds or wants something of a file, by the file. */
export class FileMembers {
  readonly #members = new Map<SharedFile, Set<Member>>();

  /** The files that somebody gives or wants. */
  files(): Iterable<SharedFile> {
    return this.#members.keys();
  }

  /** Who has to do with each file. */
  all(): Iterable<ReadonlySet<Member>> {
    return this.#members.values();
  }

  of(file: SharedFile): ReadonlySet<Member> {
    return this.#members.get(file) ?? new Set();
  }

  /** A member names a file, by this URL. What it held of another version of it is forgotten. */
  enter(member: Member, file: SharedFile, url: string): Holding {
    const old = member.holdings.get(file.path);
    if (old && old.file !== file) this.leave(member, old.file);
    const members = this.#members.get(file) ?? new Set();
    this.#members.set(file, members.add(member));
    return member.holding(file, url);
  }

  leave(member: Member, file: SharedFile): void {
    const members = this.#members.get(file);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(file);
  }

  /** Forgets a file. */
  delete(file: SharedFile): void {
    this.#members.delete(file);
  }
}
