import { describe, expect, it } from 'vitest';
import { type Candidate, type Situation, selectInput } from './selector.ts';

const live: Candidate = { delivering: true, deliveringMs: 60_000, onDemand: false, running: true };
const justBack: Candidate = { ...live, deliveringMs: 300 };
const silent: Candidate = { delivering: false, deliveringMs: 0, onDemand: false, running: true };
const file: Candidate = { delivering: false, deliveringMs: 0, onDemand: true, running: false };
const filePlaying: Candidate = { delivering: true, deliveringMs: 500, onDemand: true, running: true };

const situation = (overrides: Partial<Situation>): Situation => ({
  candidates: [live],
  active: 0,
  silentMs: 0,
  reserveMs: 0,
  silenceMs: 2000,
  ...overrides,
});

describe('selectInput', () => {
  it('takes the main input as soon as it delivers', () => {
    expect(selectInput(situation({ active: -1 })).active).toBe(0);
  });

  it('gives the main input the silence time before it begins with a fallback', () => {
    const candidates = [silent, live];
    expect(selectInput(situation({ candidates, active: -1, silentMs: 1000 })).active).toBe(-1);
    expect(selectInput(situation({ candidates, active: -1, silentMs: 2000 })).active).toBe(1);
  });

  it('plays a fallback at once when the main input is refused, stays with it, and goes back after', () => {
    const candidates = [live, live, live];
    const isMainRefused = true;
    expect(selectInput(situation({ candidates, reserveMs: 20_000, isMainRefused })).active).toBe(1);
    expect(selectInput(situation({ candidates, active: 1, isMainRefused })).active).toBe(1);
    expect(selectInput(situation({ candidates: [live, file], isMainRefused }))).toEqual({ active: 0, wanted: [1] });
    expect(selectInput(situation({ candidates: [live, filePlaying], active: 1, isMainRefused }))).toEqual({
      active: 1,
      wanted: [1],
    });
    expect(selectInput(situation({ candidates, active: 1 })).active).toBe(0);
  });

  it('keeps the silent input while the reserve plays', () => {
    const candidates = [silent, live];
    expect(selectInput(situation({ candidates, silentMs: 9000, reserveMs: 8000 })).active).toBe(0);
    expect(selectInput(situation({ candidates, silentMs: 16_000, reserveMs: 900 })).active).toBe(1);
  });

  it('starts an on-demand fallback before the reserve is used up, and plays it when it delivers', () => {
    const candidates = [silent, file];
    expect(selectInput(situation({ candidates, silentMs: 9000, reserveMs: 8000 })).wanted).toEqual([]);
    expect(selectInput(situation({ candidates, silentMs: 9000, reserveMs: 2000 }))).toEqual({ active: 0, wanted: [1] });
    const playing = [silent, filePlaying];
    expect(selectInput(situation({ candidates: playing, silentMs: 10_000, reserveMs: 500 }))).toEqual({
      active: 1,
      wanted: [1],
    });
  });

  it('starts the next fallback too while the first gives nothing', () => {
    const candidates = [silent, { ...file, running: true }, file];
    expect(selectInput(situation({ candidates, silentMs: 3000 })).wanted).toEqual([1, 2]);
    const second = [silent, filePlaying, { ...file, running: true }];
    expect(selectInput(situation({ candidates: second, silentMs: 3000 })).wanted).toEqual([1]);
  });

  it('goes back only to an input that has delivered for a while, then stops the fallback', () => {
    expect(selectInput(situation({ candidates: [justBack, filePlaying], active: 1 }))).toEqual({
      active: 1,
      wanted: [1],
    });
    expect(selectInput(situation({ candidates: [live, filePlaying], active: 1 }))).toEqual({ active: 0, wanted: [] });
  });

  it('stays where it is when nothing delivers', () => {
    expect(selectInput(situation({ candidates: [silent, silent], active: 1, silentMs: 60_000 })).active).toBe(1);
  });
});
