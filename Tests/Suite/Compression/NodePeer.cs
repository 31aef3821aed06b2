using System.Diagnostics;
using RawSocketChat.Tests.EndToEnd;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Compression;

/// <summary>
/// A peer that shares no code with this project: the Node package <c>ws</c>, which uses zlib. The tests install <c>ws</c> as a dependency
/// of wscat.
/// </summary>
internal sealed class NodePeer : IAsyncDisposable
{
    /// <summary>A server that echoes messages. It prints its port, and the agreed extensions of each connection. The argument contains the
    /// options of permessage-deflate as JSON.</summary>
    public const string Server = """
        const server = new (require('ws').WebSocketServer)({ port: 0, host: '127.0.0.1', perMessageDeflate: JSON.parse(process.argv[1]) });
        server.on('listening', () => console.log(server.address().port));
        server.on('connection', socket => {
            console.log(socket.extensions);
            socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
        });
        """;

    /// <summary>
    /// A client of the chat. It sends each line of its input as a message. It prints the agreed extensions, the word <c>joined</c>, and the
    /// texts of the messages that it receives. The arguments are the address and the options of permessage-deflate as JSON.
    /// </summary>
    public const string Client = """
        const socket = new (require('ws'))(process.argv[1], { perMessageDeflate: JSON.parse(process.argv[2]) });
        socket.on('open', () => {
            console.log(socket.extensions);
            require('readline').createInterface({ input: process.stdin }).on('line', line => socket.send(JSON.stringify({ type: 'say', text: line })));
        });
        socket.on('message', data => {
            const frame = JSON.parse(data);
            if (frame.type === 'joined') console.log('joined');
            if (frame.type === 'message') console.log(frame.text);
        });
        socket.on('error', fault => console.log(String(fault)));
        socket.on('close', code => console.log('closed ' + code));
        """;

    private readonly Process _process;

    public NodePeer(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("node", ["-e", script, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["NODE_PATH"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(InstalledTools.Axe)!, ".."));
        _process = Process.Start(start)!;
    }

    public async Task<string> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync().OrFail("the next line of node") ?? throw new AssertionException("node ended");

    public Task WriteLineAsync(string text) => _process.StandardInput.WriteLineAsync(text);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
