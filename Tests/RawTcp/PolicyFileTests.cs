using System.Xml.Linq;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>Flash's question at the raw port, and what the file that answers it allows.</summary>
public sealed class PolicyFileTests
{
    [Test]
    public async Task The_policy_opens_this_port_alone_to_pages_of_this_machine_alone()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var accesses = XDocument.Parse(await XmlSocketClient.PolicyAsync(server.RawPort)).Root!.Elements("allow-access-from").ToList();
        accesses.Select(access => access.Attribute("domain")!.Value).Should().BeEquivalentTo("localhost", "127.0.0.1", Environment.MachineName);
        accesses.Should().OnlyContain(access => access.Attribute("to-ports")!.Value == $"{server.RawPort}");
    }

    [Test]
    public async Task A_movie_of_a_foreign_page_may_not_connect_and_one_whose_host_is_named_may()
    {
        await using var server = await ServerUnderTest.StartAsync("--RawTcp:PolicyDomains:0", "games.example", "--RawTcp:PolicyDomains:1", "*.friends.example");
        foreach (var host in (string[])["localhost", "games.example", "a.friends.example"])
            await (await XmlSocketClient.ConnectAsync(server.RawPort, host)).DisposeAsync();
        await FluentActions.Awaiting(() => XmlSocketClient.ConnectAsync(server.RawPort, "evil.example")).Should().ThrowAsync<SecurityErrorException>();
    }

    [Test]
    public async Task An_operator_can_let_all_pages_in()
    {
        await using var server = await ServerUnderTest.StartAsync("--RawTcp:PolicyDomains:0", "*");
        await (await XmlSocketClient.ConnectAsync(server.RawPort, "anywhere.example")).DisposeAsync();
    }

    [TestCase("<policy-file-request/>")]
    [TestCase("<policy-file-request/>\0")]
    [TestCase("<policy-file-request/>\n")]
    [TestCase("<policy-file-request/>\r\n")]
    [TestCase("<policy-file-request/>\0{\"type\":\"hello\",\"name\":\"mallory\"}\0")]
    public async Task The_question_is_answered_at_once_however_it_ends_and_makes_nobody_a_guest(string question)
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
        await Patience.UntilAsync(() => server.Connections.Count == 0, "the end of all");
    }

    [Test]
    public async Task An_XMLSocket_connects_talks_and_hears_the_end()
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

        // As a serializer of that time laid it out: once NUL has ended the first, line breaks are blanks like any other.
        await movie.SendAsync("""{"type":"hello","name":"flash"}""");
        await movie.SendAsync("{\r\n\t\"type\": \"join\",\r\n\t\"room\": \"lobby\"\r\n}");
        await movie.SendAsync("{\n  \"type\": \"say\",\n  \"id\": 1,\n  \"text\": \"two\\nlines\"\n}\n");
        await movie.Inbox.ExpectAsync<AckFrame>(ack => ack.Id == FrameId.From(1));
        (await movie.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("two\nlines");

        server.Connections.CloseAll(Disconnect.Draining);
        await closed.Task.OrFail("onClose");
        lock (data)
        {
            data[0].Should().StartWith("""{"type":"welcome",""");
            data[^1].Should().StartWith("""{"type":"bye","code":4001,""");
            data.Should().OnlyContain(text => text.StartsWith('{') && text.EndsWith('}'), "nothing but NUL stands between them");
        }
    }

    [Test]
    public async Task A_movie_that_closes_has_left()
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
