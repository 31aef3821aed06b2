using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// Two guests together post as many texts of the maximum size as the limits allow. On every HTTP transport and on WebSocket, a client that
/// reads immediately must not become a slow consumer.
/// </summary>
public sealed class LargeBatchTests
{
    private const int TextsOfOneGuest = 20;

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("\u6587", TestName = "{m}(three bytes for each character)")]
    [TestCase("\u00a0", TestName = "{m}(six bytes in JSON for two bytes of UTF-8)")]
    [TestCase("\U0001F600", TestName = "{m}(four bytes for two characters)")]
    public async Task Clients_that_read_immediately_get_all_messages_and_stay_connected(string character)
    {
        var readers = new List<IChatPeer>();
        foreach (var transport in Enum.GetValues<HttpTransport>())
            readers.Add(await HttpChatPeer.ConnectAsync(_server.HttpPort, transport));
        readers.Add(await ChatClient.ConnectAsync(_server.HttpPort));
        try
        {
            foreach (var reader in readers)
                await reader.RequestAsync<JoinedFrame>(Join("lobby"));

            var answers = await PostByTwoGuestsAsync("x" + string.Concat(Enumerable.Repeat(character, 7_998 / character.Length)));
            var stored = answers.OfType<AckFrame>().Select(ack => ack.Seq!.Value).Order().ToList();
            stored.Should().HaveCountGreaterThan(2);
            answers.OfType<ErrorFrame>().Count(error => error.Error.Code == ErrorCode.RateLimited).Should().Be((2 * TextsOfOneGuest) - stored.Count);

            foreach (var reader in readers)
            {
                await TestWait.UntilAsync(() => GetMessages(reader).Count >= stored.Count || HasBye(reader), () => $"all messages; there are {GetMessages(reader).Count}");
                HasBye(reader).Should().BeFalse("reader {0} has {1} messages", readers.IndexOf(reader), GetMessages(reader).Count);
                GetMessages(reader).Select(message => message.Seq).Should().Equal(stored);
            }
        }
        finally
        {
            foreach (var reader in readers)
                await reader.DisposeAsync();
        }
    }

    [Test]
    public async Task Texts_of_control_characters_are_rejected()
    {
        await using var reader = await HttpChatPeer.ConnectAsync(_server.HttpPort, HttpTransport.LongPoll);
        await reader.RequestAsync<JoinedFrame>(Join("lobby"));
        var answers = await PostByTwoGuestsAsync(string.Concat(Enumerable.Repeat("\\u0001", 8_000)));
        answers.OfType<ErrorFrame>().Where(answer => answer.Error.Code == ErrorCode.BadField).Should().HaveCount(2 * TextsOfOneGuest);
        (await reader.RequestAsync<AckFrame>(Say("the first message", id: "1"))).Seq.Should().Be(1);
    }

    private async Task<List<ServerFrame>> PostByTwoGuestsAsync(string json)
    {
        var texts = Enumerable.Repeat($$"""{"type":"say","room":"lobby","text":"{{json}}"}""", TextsOfOneGuest);
        var body = $$"""[{"type":"join","room":"lobby"},{{string.Join(',', texts)}}]""";
        var posts = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            using var guest = await HttpTestClient.StartSessionAsync(_server.HttpPort);
            return (await guest.SendAsync(body)).Answers;
        }));
        return [.. posts.SelectMany(answers => answers)];
    }

    private static List<MessageFrame> GetMessages(IChatPeer reader) => [.. reader.Inbox.All.OfType<MessageFrame>()];

    private static bool HasBye(IChatPeer reader) => reader.Inbox.All.OfType<ByeFrame>().Any();
}
