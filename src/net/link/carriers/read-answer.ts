import type { Socket } from 'node:net';
import { type ResponseHead, ResponseHeadReader } from '../../../protocols/http/response-head-reader.ts';

/**
 * Reads the head of an HTTP answer from a socket; what came after it stays in the socket, which is paused. Rejects with
 * ProtocolViolation, or with an Error when the socket closes before; waits for ever else.
 */
export function readAnswer(socket: Socket): Promise<ResponseHead> {
  return new Promise((resolve, reject) => {
    const reader = new ResponseHeadReader();
    const settle = (act: () => void) => {
      socket.off('data', onData);
      socket.off('close', onClose);
      socket.pause();
      act();
    };
    const onClose = () =>
      settle(() => reject(socket.errored ?? new Error('it closed the connection without an answer')));
    const onData = (chunk: Buffer) => {
      try {
        const head = reader.push(chunk);
        if (!head) return;
        settle(() => {
          if (head.rest.length > 0) socket.unshift(head.rest);
          resolve(head);
        });
      } catch (error) {
        settle(() => reject(error));
      }
    };
    socket.on('data', onData);
    socket.on('close', onClose);
    socket.resume();
  });
}
