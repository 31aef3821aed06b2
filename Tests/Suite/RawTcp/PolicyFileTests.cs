using System.Xml.Linq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>Flash's request for a policy file at the raw TCP port, and the content of the file.</summary>
[Category(Categories.Slow)] // waits for timeouts
[Parallelizable(ParallelScope.Self)]
public sealed class PolicyFileTests
{
    [Test]
    public async Task Policy_file_opens_only_this_port_to_pages_of_this_machine()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var accesses = XDocument.Parse(await XmlSocketClient.RequestPolicyAsync(server.RawPort)).Root!.Elements("allow-access-from").ToList();
        accesses.Select(access => access.Attribute("domain")!.Value).Should().BeEquivalentTo("localhost", "127.0.0.1", Environment.MachineName);
        accesses.Should().OnlyContain(access => access.Attribute("to-ports")!.Value == $"{server.RawPort}");
    }

    [Test]
    public async Task Flash_movie_may_connect_only_from_an_allowed_host()
    {
        await using var server = await ServerUnderTest.StartAsync("--RawTcp:PolicyDomains:0", "games.example", "--RawTcp:PolicyDomains:1", "*.friends.example");
        foreach (var host in (string[])["localhost", "games.example", "a.friends.example"])
            await (await XmlSocketClient.ConnectAsync(server.RawPort, host)).DisposeAsync();
        await FluentActions.Awaiting(() => XmlSocketClient.ConnectAsync(server.RawPort, "evil.example")).Should().ThrowAsync<SecurityErrorException>();
    }

    [Test]
    public async Task Operator_can_allow_all_pages()
    {
        await using var server = await ServerUnderTest.StartAsync("--RawTcp:PolicyDomains:0", "*");
        await (await XmlSocketClient.ConnectAsync(server.RawPort, "anywhere.example")).DisposeAsync();
    }

    [TestCase("<policy-file-request/>")]
    [TestCase("<policy-file-request/>\0")]
    [TestCase("<policy-file-request/>\n")]
    [TestCase("<policy-file-request/>\r\n")]
    [TestCase("<policy-file-request/>\0{\"type\":\"hello\",\"name\":\"mallory\"}\0")]
    public async Task Server_answers_the_policy_request_immediately_and_creates_no_session(string question)
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var split = 1; split <= question.Length; split += 7)
        {
            await using var flash = await LineClient.ConnectAsync(server.RawPort, delimiter: '\0');
            await flash.SendBytesAsync(System.Text.Encoding.ASCII.GetBytes(question[..split]));
            await flash.SendBytesAsync(System.Text.Encoding.ASCII.GetBytes(question[split..]));
            await flash.Ended.OrFail("the end of the stream");
            flash.Lines.Should().ContainSingle().Which.Should().StartWith("<?xml").And.EndWith("</cross-domain-policy>");
        }

        server.Services.GetRequiredService<SessionStore>().Count.Should().Be(0);
        await TestWait.UntilAsync(() => server.Connections.Count == 0, "the end of all connections");
    }

    [Test]
    public async Task XMLSocket_connects_sends_receives_and_detects_the_close()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (connected, data, closed) = (0, new List<string>(), new TaskCompletionSource());
        await using var movie = await XmlSocketClient.ConnectAsync(server.RawPort, listen: client =>
        {
            client.OnConnect += () => connected++;
            client.OnData += text =>
            {
                lock (data)
                    data.Add(text);
            };
            client.OnClose += closed.SetResult;
        });
        connected.Should().Be(1);

        // Old serializers wrote JSON with line breaks. After the first frame has ended with NUL, the server treats line breaks as white space.
        await movie.SendAsync("""{"type":"hello","name":"flash"}""");
        await movie.SendAsync("{\r\n\t\"type\": \"join\",\r\n\t\"room\": \"lobby\"\r\n}");
        await movie.SendAsync("{\n  \"type\": \"say\",\n  \"id\": 1,\n  \"text\": \"two\\nlines\"\n}\n");
        await movie.Inbox.ExpectAsync<AckFrame>(ack => ack.Id == FrameId.From(1));
        (await movie.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("two\nlines");

        server.Connections.CloseAll(Disconnect.Draining, NullLogger.Instance);
        await closed.Task.OrFail("onClose");
        lock (data)
        {
            data[0].Should().StartWith("""{"type":"welcome",""");
            data[^1].Should().StartWith("""{"type":"bye","code":4001,""");
            data.Should().OnlyContain(text => text.StartsWith('{') && text.EndsWith('}'), "only NUL separates the frames");
        }
    }

    [Test]
    public async Task Flash_movie_leaves_its_room_when_it_closes()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        await using var movie = await XmlSocketClient.ConnectAsync(server.RawPort);
        await movie.SendAsync("""{"type":"hello","name":"flash"}""");
        await movie.SendAsync("""{"type":"join","room":"lobby"}""");
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "flash", State: "joined" });
        await movie.CloseAsync();
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "flash", State: "left" });
    }
}
