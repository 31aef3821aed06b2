using System.Globalization;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Compression;

/// <summary>The client and the server of this project, each with a peer that uses zlib.</summary>
[Category(Categories.Slow)] // runs Node with the ws package
[Parallelizable(ParallelScope.Self)]
public sealed class NodePeerTests
{
    private static readonly string[] Texts =
    [
        "short",
        string.Concat(Enumerable.Repeat("all that grows ", 400)),
        string.Concat(Enumerable.Range(0, 1_500).Select(i => (i * 7919 % 10_007).ToString(CultureInfo.InvariantCulture))),
        string.Concat(Enumerable.Repeat("κόσμε 世界 \U0001F600 ", 300)),
    ];

    [TestCase("{}", "permessage-deflate", TestName = "{m}(context takeover in both directions)")]
    [TestCase("""{"serverNoContextTakeover":true,"clientNoContextTakeover":true}""",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover", TestName = "{m}(no context takeover)")]
    [TestCase("""{"serverMaxWindowBits":9,"clientMaxWindowBits":9}""",
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9", TestName = "{m}(small windows)")]
    [TestCase("""{"serverMaxWindowBits":8,"clientMaxWindowBits":8}""",
        "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8", TestName = "{m}(windows of 256 bytes)")]
    public async Task Client_exchanges_messages_with_the_server_of_node(string options, string agreed)
    {
        await using var node = new NodePeer(NodePeer.Server, options[..^1] + (options == "{}" ? "" : ",") + "\"threshold\":0}");
        var port = int.Parse(await node.ReadLineAsync(), CultureInfo.InvariantCulture);
        await using var client = await ChatClient.ConnectAsync(port, "/", frames: false, deflate: [new DeflateOffer { ClientMaxWindowBits = 15 }]);
        DeflateNegotiation.ChooseOffer([agreed], new(), out var expected, out _);
        client.Deflate.Should().Be(expected);

        string[] texts = [.. Texts, .. Texts];
        foreach (var text in texts) await client.SendAsync(Opcode.Text, Encoding.UTF8.GetBytes(text));
        await TestWait.UntilAsync(() => client.LineCount == texts.Length || client.Closed.IsCompleted, "every echo");
        client.Lines.Should().Equal(texts);
        client.ReceivedBytes.Should().BeLessThan(texts.Sum(text => text.Length));
    }

    [TestCase("true")]
    [TestCase("""{"threshold":0}""")]
    [TestCase("""{"threshold":0,"serverNoContextTakeover":true,"clientNoContextTakeover":true}""")]
    [TestCase("""{"threshold":0,"serverMaxWindowBits":10,"clientMaxWindowBits":9}""")]
    [TestCase("""{"threshold":0,"serverMaxWindowBits":13}""")]
    [TestCase("false")]
    public async Task Server_exchanges_messages_with_the_client_of_node(string options)
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var node = new NodePeer(NodePeer.Client, $"ws://127.0.0.1:{server.HttpPort}/ws?name=node&room=lobby", options);
        (await node.ReadLineAsync()).Should().Be(options == "false" ? "" : "permessage-deflate");
        (await node.ReadLineAsync()).Should().Be("joined");
        await using var ann = (await ChatClient.JoinAsync(server.HttpPort, "ann")).Client;

        foreach (var text in Texts.Concat(Texts))
        {
            await node.WriteLineAsync(text);
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
            (await node.ReadLineAsync()).Should().Be(text);
        }
    }
}
