// A typical ws server: each message goes to all connections.
'use strict';
const { WebSocket, WebSocketServer } = require('ws');

const port = Number(process.argv[2]);
const server = new WebSocketServer({ host: '127.0.0.1', port });

server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (text) => {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(text, { binary: false });
    }
  });
  socket.send('ready');
});

// End when standard input ends, which also happens when the parent process ends.
process.stdin.on('end', () => process.exit(0)).resume();
