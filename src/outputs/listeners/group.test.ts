import { describe, expect, it } from 'vitest';
import { FakeSocket } from '../../../test/support/fake-socket.ts';
import { nextPosition } from '../../protocols/icy/interleaver.ts';
import { ListenerGroups } from './group.ts';
import type { IcyTrack } from './icy-track.ts';
import { Listener } from './listener.ts';

const title = { title: 'one' };
const other = { title: 'two' };
const listener = () => new Listener(1, new FakeSocket().socket, '192.0.2.1', '', 0);
const track = (position: number, shown: IcyTrack['shown'] | null = title, metaint = 100): IcyTrack => ({
  metaint,
  position,
  shown: shown ?? undefined,
});

function move(groups: ListenerGroups, bytes: number): void {
  for (const group of groups.values()) {
    if (group.track) group.track.position = nextPosition(group.track.position, bytes, group.track.metaint);
  }
  groups.advanced(bytes);
}

describe('ListenerGroups', () => {
  it('puts together who is sent the same bytes, and nobody else', () => {
    const groups = new ListenerGroups();
    groups.add(listener(), undefined);
    groups.add(listener(), undefined);
    groups.add(listener(), track(30));
    groups.add(listener(), track(30));
    expect(groups.count).toBe(2);
    groups.add(listener(), track(31)); // another phase
    groups.add(listener(), track(30, other)); // another title sent last
    groups.add(listener(), track(30, title, 200)); // another interval
    expect(groups.count).toBe(5);
  });

  it('finds its members again after any number of bytes', () => {
    const groups = new ListenerGroups();
    groups.add(listener(), track(30));
    for (const bytes of [70, 1, 99, 100, 12_345]) {
      move(groups, bytes);
      const { position } = [...groups.values()][0]!.track!;
      groups.add(listener(), track(position));
      expect(groups.count).toBe(1);
    }
    expect([...groups.values()][0]!.listeners).toHaveLength(6);
  });

  it('does not take one who was sent nothing for one whose block is due', () => {
    const groups = new ListenerGroups();
    groups.add(listener(), track(0, null));
    groups.add(listener(), track(100, null));
    expect(groups.count).toBe(2);
  });

  it('merges groups once they have shown the same title', () => {
    const groups = new ListenerGroups();
    groups.add(listener(), track(30, null));
    groups.add(listener(), track(30));
    expect(groups.count).toBe(2);
    for (const group of groups.values()) group.track!.shown = title;
    move(groups, 100);
    expect(groups.count).toBe(1);
    expect([...groups.values()][0]!.listeners).toHaveLength(2);
  });

  it('says whether one who is sent so many bytes would belong to a group', () => {
    const groups = new ListenerGroups();
    groups.add(listener(), track(30));
    expect(groups.has(100, 30, title)).toBe(true);
    expect(groups.has(100, 1230, title)).toBe(true);
    expect(groups.has(100, 1231, title)).toBe(false);
    expect(groups.has(100, 30, other)).toBe(false);
    expect(groups.has(100, 0, title)).toBe(false);
    expect([groups.firstPosition(100), groups.firstPosition(99)]).toEqual([30, undefined]);
  });

  it('forgets groups without listeners', () => {
    const groups = new ListenerGroups();
    groups.add(listener(), track(30));
    for (const group of groups.values()) group.listeners = [];
    move(groups, 10);
    expect(groups.count).toBe(0);
  });
});
