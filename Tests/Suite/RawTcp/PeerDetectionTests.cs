using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Hostile;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>The server uses the first line to detect whether a raw TCP client is a person, a program, or a client of another protocol.</summary>
[Category(Categories.Slow)] // waits for timeouts
[Parallelizable(ParallelScope.Self)]
public sealed class PeerDetectionTests : HostileFixture
{
    private string[] LobbyTexts => [.. Ann.Inbox.All.OfType<MessageFrame>().Select(message => message.Text)];

    private int SessionCount => Server.Services.GetRequiredService<SessionStore>().Count;

    [Test]
    public async Task Browser_gets_the_number_of_the_HTTP_port()
    {
        using var browser = new HttpClient();
        using var answer = await browser.GetAsync(new Uri($"http://127.0.0.1:{Server.RawPort}/"));
        ((int)answer.StatusCode).Should().Be(400);
        (await answer.Content.ReadAsStringAsync()).Should().Contain($"port {Server.HttpPort}").And.Contain("not HTTP");
        await ExpectNothingPostedAsync();
    }

    [Test]
    public async Task HTTP_request_of_a_page_posts_nothing_in_the_chat()
    {
        var before = SessionCount;
        using var page = new HttpClient();
        using var lines = new StringContent("/join lobby\nsmuggled\n{\"type\":\"say\",\"text\":\"smuggled\",\"room\":\"lobby\"}\n", new MediaTypeHeaderValue("text/plain"));
        using var answer = await page.PostAsync(new Uri($"http://127.0.0.1:{Server.RawPort}/"), lines);
        ((int)answer.StatusCode).Should().Be(400);
        await ExpectNothingPostedAsync();
        SessionCount.Should().Be(before);
    }

    [TestCase(900)]
    [TestCase(65_000)]
    [TestCase(66_000)]
    [TestCase(200_000)]
    public async Task HTTP_request_with_an_overlong_request_line_posts_nothing_in_the_chat(int length)
    {
        await using var page = await LineClient.ConnectAsync(Server.RawPort);
        await page.SendBytesAsync(Encoding.ASCII.GetBytes($"POST /{new string('a', length)} HTTP/1.1\r\nHost: x\r\n\r\n/join lobby\nsmuggled\n"));
        await page.Ended.OrFail("the end of the stream");
        page.Lines[0].Should().StartWith("HTTP/1.1 400 ");
        page.Lines.Should().ContainSingle(line => line.StartsWith("HTTP/1.1", StringComparison.Ordinal));
        await ExpectNothingPostedAsync();
    }

    [TestCase("\r\n\r\nGET / HTTP/1.1\r\n\r\nsmuggled\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nsmuggled\n")]
    [TestCase("GET / HTTP/1.1\0smuggled\0")]
    public async Task Other_HTTP_requests_post_nothing_in_the_chat(string bytes)
    {
        await using var page = await LineClient.ConnectAsync(Server.RawPort);
        foreach (var octet in Encoding.ASCII.GetBytes(bytes))
            await page.SendBytesAsync(new[] { octet });
        await page.Ended.OrFail("the end of the stream");
        page.Lines[0].Should().StartWith("HTTP/1.1 400 ");
        await ExpectNothingPostedAsync();
    }

    [TestCase("16 03 01 02 00 01 00 01 FC 03 03 0A 2F 6A 6F 69 6E 20 6C 6F 62 62 79 0A 73 6D 75 67 67 6C 65 64 0A")]
    [TestCase("16 03")]
    public async Task Server_closes_the_connection_of_a_TLS_client_without_an_answer(string bytes)
    {
        var before = SessionCount;
        using var client = new TcpClient("127.0.0.1", Server.RawPort);
        await client.GetStream().WriteAsync(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));
        using var answer = new MemoryStream();
        await client.GetStream().CopyToAsync(answer).OrFail("the end of the stream");
        answer.Length.Should().Be(0);
        SessionCount.Should().Be(before);
        await ExpectNothingPostedAsync();
    }

    [TestCase("SSH-2.0-OpenSSH_9.9\r\n", "*not SSH*")]
    [TestCase("EHLO mail.example.org\r\n", "554 *")]
    [TestCase("HELO x\r\n", "554 *")]
    [TestCase("CAP LS 302\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n", "ERROR :*")]
    [TestCase("NICK ann\r\n", "ERROR :*")]
    [TestCase("USER ann 0 * :Ann\r\n", "ERROR :*")]
    [TestCase("PASS secret\r\n", "ERROR :*")]
    [TestCase("OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n\r\n", "SIP/2.0 400 *")]
    [TestCase("OPTIONS / RTSP/1.0\r\n\r\n", "RTSP/1.0 400 *")]
    [TestCase("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "*without the PROXY protocol*")]
    [TestCase("*1\r\n$4\r\nPING\r\n", "-ERR *")]
    [TestCase("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 *")]
    public async Task Server_answers_a_client_of_another_protocol_in_that_protocol_and_posts_nothing(string greeting, string answer)
    {
        var before = SessionCount;
        await using var client = await LineClient.ConnectAsync(Server.RawPort);
        await client.SendBytesAsync(Encoding.ASCII.GetBytes(greeting + "smuggled\n/join lobby\nsmuggled\n"));
        await client.Ended.OrFail("the end of the stream");
        client.Lines[0].Should().Match(answer);
        client.Lines.Should().NotContain(line => line.Contains("guest-"));
        SessionCount.Should().Be(before);
        await ExpectNothingPostedAsync();
    }

    [TestCase("00 01 00 14 21 12 A4 42", "a STUN request")]
    [TestCase("10 10 00 04 4D 51 54 54 04 02 00 3C 00 04 61 62 63 64 0A", "an MQTT CONNECT")]
    [TestCase("0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A 21 11 00 0C", "the PROXY protocol, version 2")]
    [TestCase("41 4D 51 50 00 00 09 01", "AMQP")]
    [TestCase("05 01 00", "SOCKS")]
    [TestCase("1B 5B 41", "the arrow-up key")]
    public async Task Server_closes_the_connection_of_a_binary_client_without_an_answer(string bytes, string what)
    {
        var before = SessionCount;
        using var client = new TcpClient("127.0.0.1", Server.RawPort);
        await client.GetStream().WriteAsync((byte[])[.. Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)), .. "\nsmuggled\n\0smuggled\0\n"u8]);
        using var answer = new MemoryStream();
        await client.GetStream().CopyToAsync(answer).OrFail($"the end of the stream after {what}");
        answer.Length.Should().Be(0);
        SessionCount.Should().Be(before);
        await ExpectNothingPostedAsync();
    }

    [Test]
    public async Task Server_skips_the_option_negotiation_of_a_telnet_client()
    {
        await using var putty = await LineClient.ConnectAsync(Server.RawPort);
        await putty.SendBytesAsync(new byte[] { 0xFF, 0xFB, 0x1F, 0xFF, 0xFB, 0x20, 0xFF, 0xFB, 0x18, 0xFF, 0xFD, 0x01, 0xFF, 0xFB, 0x03, 0xFF, 0xFD, 0x03 });
        await putty.SendBytesAsync("/nick pat\r\nhi from PuTTY\r\n"u8.ToArray());
        await putty.ExpectLineAsync("<pat> hi from PuTTY");
        putty.Lines.Should().NotContain(line => line.StartsWith('!'));
    }

    [TestCase("\uFEFF{\"type\":\"ping\",\"id\":1}\n")]
    [TestCase("\n\r\n \t\n{\"type\":\"ping\",\"id\":1}\n")]
    public async Task Program_may_send_a_byte_order_mark_or_empty_lines_first(string bytes)
    {
        await using var program = await LineClient.ConnectAsync(Server.RawPort);
        await program.SendBytesAsync(Encoding.UTF8.GetBytes(bytes));
        await program.Inbox.ExpectAsync<PongFrame>(pong => pong.Id == FrameId.From(1));
        program.Lines.Should().OnlyContain(line => line.StartsWith('{'));
    }

    [TestCase("\uFEFFhello", "<guest-")]
    [TestCase("<3 to all", "> <3 to all")]
    [TestCase("GET /my drift?", "> GET /my drift?")]
    public async Task Server_treats_any_other_first_line_as_the_line_of_a_person(string line, string shown)
    {
        await using var person = await LineClient.ConnectAsync(Server.RawPort);
        await person.SendAsync(line);
        await person.ExpectLineAsync(shown);
    }

    [Test]
    public async Task Server_detects_no_other_protocol_after_the_first_line()
    {
        await using var person = await LineClient.ConnectAsync(Server.RawPort);
        foreach (var line in (string[])["hello", "GET / HTTP/1.1", "<policy-file-request/>"])
        {
            await person.SendAsync(line);
            await person.ExpectLineAsync($"> {line}");
        }

        person.Ended.IsCompleted.Should().BeFalse();
    }

    private async Task ExpectNothingPostedAsync()
    {
        await ExchangeMessagesAsync("what was that?");
        LobbyTexts.Should().NotContain(text => text.Contains("smuggled") || text.Contains("HTTP") || text.Contains("Host"));
        LobbyTexts.Should().OnlyContain(text => text.Contains("what was that?"));
    }
}
