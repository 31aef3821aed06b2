using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Hostile;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>Who comes to the raw port, by the first line: people, programs, and those who meant another port.</summary>
public sealed class OpeningTests : DisturbingNobody
{
    private string[] SaidInTheLobby => [.. Ann.Inbox.All.OfType<MessageFrame>().Select(message => message.Text)];

    private int Sessions => Server.Services.GetRequiredService<SessionStore>().Count;

    [Test]
    public async Task A_browser_that_was_sent_here_reads_which_port_is_meant()
    {
        using var browser = new HttpClient();
        using var answer = await browser.GetAsync(new Uri($"http://127.0.0.1:{Server.RawPort}/"));
        ((int)answer.StatusCode).Should().Be(400);
        (await answer.Content.ReadAsStringAsync()).Should().Contain($"port {Server.HttpPort}").And.Contain("not HTTP");
        await NothingWasSaidAsync();
    }

    [Test]
    public async Task A_page_that_posts_lines_to_the_raw_port_says_nothing_in_the_chat()
    {
        var before = Sessions;
        using var page = new HttpClient();
        using var lines = new StringContent("/join lobby\nsmuggled\n{\"type\":\"say\",\"text\":\"smuggled\",\"room\":\"lobby\"}\n", new MediaTypeHeaderValue("text/plain"));
        using var answer = await page.PostAsync(new Uri($"http://127.0.0.1:{Server.RawPort}/"), lines);
        ((int)answer.StatusCode).Should().Be(400);
        await NothingWasSaidAsync();
        Sessions.Should().Be(before);
    }

    [TestCase(900)]
    [TestCase(65_000)]
    [TestCase(66_000)]
    [TestCase(200_000)]
    public async Task Nor_does_one_whose_request_line_is_longer_than_a_line_may_be(int length)
    {
        await using var page = await LineClient.ConnectAsync(Server.RawPort);
        await page.SendBytesAsync(Encoding.ASCII.GetBytes($"POST /{new string('a', length)} HTTP/1.1\r\nHost: x\r\n\r\n/join lobby\nsmuggled\n"));
        await page.Ended.OrFail("the end of the stream");
        page.Lines[0].Should().StartWith("HTTP/1.1 400 ");
        page.Lines.Should().ContainSingle(line => line.StartsWith("HTTP/1.1", StringComparison.Ordinal));
        await NothingWasSaidAsync();
    }

    [TestCase("\r\n\r\nGET / HTTP/1.1\r\n\r\nsmuggled\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nsmuggled\n")]
    [TestCase("GET / HTTP/1.1\0smuggled\0")]
    public async Task Nor_does_any_other_request(string bytes)
    {
        await using var page = await LineClient.ConnectAsync(Server.RawPort);
        foreach (var octet in Encoding.ASCII.GetBytes(bytes))
            await page.SendBytesAsync(new[] { octet });
        await page.Ended.OrFail("the end of the stream");
        page.Lines[0].Should().StartWith("HTTP/1.1 400 ");
        await NothingWasSaidAsync();
    }

    [TestCase("16 03 01 02 00 01 00 01 FC 03 03 0A 2F 6A 6F 69 6E 20 6C 6F 62 62 79 0A 73 6D 75 67 67 6C 65 64 0A")]
    [TestCase("16 03")]
    public async Task A_TLS_client_is_left_without_a_word(string bytes)
    {
        var before = Sessions;
        using var client = new TcpClient("127.0.0.1", Server.RawPort);
        await client.GetStream().WriteAsync(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));
        using var answer = new MemoryStream();
        await client.GetStream().CopyToAsync(answer).OrFail("the end of the stream");
        answer.Length.Should().Be(0);
        Sessions.Should().Be(before);
        await NothingWasSaidAsync();
    }

    [Test]
    public async Task A_telnet_clients_offers_are_passed_over()
    {
        await using var putty = await LineClient.ConnectAsync(Server.RawPort);
        await putty.SendBytesAsync(new byte[] { 0xFF, 0xFB, 0x1F, 0xFF, 0xFB, 0x20, 0xFF, 0xFB, 0x18, 0xFF, 0xFD, 0x01, 0xFF, 0xFB, 0x03, 0xFF, 0xFD, 0x03 });
        await putty.SendBytesAsync("/nick pat\r\nhi from PuTTY\r\n"u8.ToArray());
        await putty.ExpectLineAsync("<pat> hi from PuTTY");
        putty.Lines.Should().NotContain(line => line.StartsWith('!'));
    }

    [TestCase("\uFEFF{\"type\":\"ping\",\"id\":1}\n")]
    [TestCase("\n\r\n \t\n{\"type\":\"ping\",\"id\":1}\n")]
    public async Task A_program_may_begin_with_a_mark_or_with_empty_lines(string bytes)
    {
        await using var program = await LineClient.ConnectAsync(Server.RawPort);
        await program.SendBytesAsync(Encoding.UTF8.GetBytes(bytes));
        await program.Inbox.ExpectAsync<PongFrame>(pong => pong.Id == FrameId.From(1));
        program.Lines.Should().OnlyContain(line => line.StartsWith('{'));
    }

    [TestCase("\uFEFFhello", "<guest-")]
    [TestCase("<3 to all", "> <3 to all")]
    [TestCase("GET /my drift?", "> GET /my drift?")]
    public async Task A_person_is_a_person_whatever_they_begin_with(string line, string shown)
    {
        await using var person = await LineClient.ConnectAsync(Server.RawPort);
        await person.SendAsync(line);
        await person.ExpectLineAsync(shown);
    }

    [Test]
    public async Task After_the_first_line_nothing_is_special()
    {
        await using var person = await LineClient.ConnectAsync(Server.RawPort);
        foreach (var line in (string[])["hello", "GET / HTTP/1.1", "<policy-file-request/>"])
        {
            await person.SendAsync(line);
            await person.ExpectLineAsync($"> {line}");
        }

        person.Ended.IsCompleted.Should().BeFalse();
    }

    private async Task NothingWasSaidAsync()
    {
        await TheyTalkAsync("what was that?");
        SaidInTheLobby.Should().NotContain(text => text.Contains("smuggled") || text.Contains("HTTP") || text.Contains("Host"));
        SaidInTheLobby.Should().OnlyContain(text => text.Contains("what was that?"));
    }
}
