using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Rooms;

/// <summary>What is trimmed cannot be had any more, wherever it may still stand, and what is missing is named.</summary>
public sealed class TrimmedRoomTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task Who_comes_back_to_a_room_of_which_nothing_is_left_is_told_so_and_goes_on(bool restarted)
    {
        using var data = new TemporaryFolder();
        var server = await SayAndForgetAsync(data, count: 42);
        if (restarted)
        {
            await server.DisposeAsync();
            server = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        }

        await using var _ = server;
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 10));
        joined.Should().Match<JoinedFrame>(back => back.Recovered == false && back.Seq == 42 && back.Messages.Count == 0);
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 11, 42));
        (await bob.AskAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Id = FrameId.From("h") })).Messages.Should().BeEmpty();

        (await bob.SayAsync("on")).Seq.Should().Be(43);
        (await bob.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(43);
    }

    [Test]
    public async Task What_is_kept_no_longer_is_not_shown_from_memory_either()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Data:KeepEvents", "10");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        for (var i = 0; i < 30; i++)
            await ann.SayAsync($"{i}");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        (await bob.AskAsync<JoinedFrame>(Join("lobby"))).Messages.MessagesOf().Select(message => message.Seq).Should().Equal(Enumerable.Range(21, 10).Select(seq => (long)seq));
        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 15));
        joined.Recovered.Should().BeFalse();
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 16, 20));
        await ann.DisposeAsync();
    }

    // Says so much and lets it all become too old, while the server runs.
    private static async Task<ServerUnderTest> SayAndForgetAsync(TemporaryFolder data, int count)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(-10));
        var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), "--Limits:Enabled", "false", "--Data:Path", data.Path);
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        for (var i = 0; i < count; i++)
            await ann.SayAsync($"{i}");
        await ann.DisposeAsync();
        time.Advance(TimeSpan.FromDays(3));
        await Retention.TrimAsync(server.Services.GetRequiredService<SqliteStorage>(), keepDays: 2, NullLogger.Instance, default);
        return server;
    }
}
