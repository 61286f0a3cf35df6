import { expect, test } from "vitest";
import { type Waiter, WaitingRoom } from "./waiting-room.ts";

function entered(room: WaitingRoom): Waiter {
  const waiter = room.enter();
  if (waiter === undefined) throw new Error("the room is full");
  return waiter;
}

test("a full room turns away, and has room again when somebody leaves", async () => {
  const room = new WaitingRoom(2);
  const [first, second] = [entered(room), entered(room)];
  expect(room.enter()).toBeUndefined();
  first.cancel("gone");
  expect(await first.outcome).toBe("gone");
  const third = entered(room);
  room.open();
  expect(await Promise.all([second.outcome, third.outcome])).toEqual(["go", "go"]);
});

test("a waiter is answered once (invariant 1)", async () => {
  const room = new WaitingRoom();
  const waiter = entered(room);
  room.open();
  waiter.cancel("gone");
  room.close();
  expect(await waiter.outcome).toBe("go");
  expect(await entered(room).outcome).toBe("late");
});
