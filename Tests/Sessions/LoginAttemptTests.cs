using System.Buffers.Binary;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Sessions;

/// <summary>What guessing at passwords costs, and tells.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class LoginAttemptTests(string way) : AccountFixture(way)
{
    [Test]
    public async Task A_wrong_password_and_an_unknown_name_are_answered_alike_and_cost_alike()
    {
        await StartAsync();
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (eve, _) = await ConnectAsync("eve");
        var answers = new List<string>();
        foreach (var name in new[] { "ann", "nobody", "no name at all", "\u202Eann", "annа" })
        {
            var before = Hasher.Verified;
            var error = await eve.AskAsync<ErrorFrame>(Login(name, "not my password"));
            error.Error.Code.Should().Be(ErrorCode.BadPassword);
            (Hasher.Verified - before).Should().Be(1, $"a hash was verified for {name}");
            Hasher.LastHash.Should().HaveLength(Hasher.HashPassword(null!, "x").Length, "of the same cost");
            answers.Add(System.Text.Encoding.UTF8.GetString(ChatCodec.Encode(error with { Id = default })));
        }

        answers.Distinct().Should().ContainSingle();
        (await eve.AskAsync<WelcomeFrame>(Whoami)).Name.Should().Be("eve");
    }

    [Test]
    public async Task Many_who_log_in_at_once_wait_in_a_bounded_queue_and_nobody_elses_words_do()
    {
        await StartAsync("--Limits:Enabled", "false");
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        Hasher.Hold();
        var crowd = new List<IChatPeer>();
        for (var i = 0; i < 33; i++)
        {
            crowd.Add((await ConnectAsync(null)).Peer);
            await crowd[i].SendAsync(Login("nobody", "wrong password") with { Id = FrameId.From(i) });
        }

        var refused = await Task.WhenAny(crowd.Select(peer => peer.Inbox.ExpectAsync<ErrorFrame>()));
        (await refused).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs > 0);
        (await ann.AskAsync<AckFrame>(Say("meanwhile", id: "x"))).Seq.Should().Be(1);
        Hasher.LetGo();
        await Patience.UntilAsync(() => crowd.All(peer => peer.Inbox.All.OfType<ErrorFrame>().Any()), "everybody's answer");
        crowd.SelectMany(peer => peer.Inbox.All.OfType<ErrorFrame>()).Count(error => error.Error.Code == ErrorCode.BadPassword).Should().Be(32);
    }

    [Test]
    public async Task Attempts_are_limited_for_each_name_whatever_it_is_dressed_as_and_come_back_withTime()
    {
        await StartAsync("--Limits:LoginAttemptsPerName", "3");
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var (eve, _) = await ConnectAsync("eve");
        for (var i = 0; i < 5; i++)
            await eve.AskAsync<WelcomeFrame>(Login("ann", Password));

        foreach (var name in new[] { "ann", "ANN", "ａnn" })
            (await eve.AskAsync<ErrorFrame>(Login(name, "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        var error = (await eve.AskAsync<ErrorFrame>(Login("ánn", Password))).Error;
        error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 30_000);
        (await eve.AskAsync<ErrorFrame>(Login("other", Password))).Error.Code.Should().Be(ErrorCode.BadPassword, "that is another name");

        Time.Advance(TimeSpan.FromSeconds(30));
        await eve.AskAsync<WelcomeFrame>(Login("ann", Password));
        (await eve.AskAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword, "the right one was not counted");
        (await eve.AskAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.RateLimited);
    }

    [Test]
    public async Task Attempts_are_limited_for_each_address_over_all_connections_and_registering_is_one()
    {
        await StartAsync("--Limits:LoginAttemptsPerAddress", "3");
        var (one, _) = await ConnectAsync("one");
        var (two, _) = await ConnectAsync("two");
        await one.AskAsync<WelcomeFrame>(Register("one"));
        (await one.AskAsync<ErrorFrame>(Login("a", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await two.AskAsync<ErrorFrame>(Login("b", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
        (await two.AskAsync<ErrorFrame>(Login("c", "wrong password"))).Error
            .Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 3_000);
        (await two.AskAsync<ErrorFrame>(Register("two"))).Error.Code.Should().Be(ErrorCode.RateLimited);
        Time.Advance(TimeSpan.FromSeconds(3));
        await two.AskAsync<WelcomeFrame>(Register("two"));
    }

    [Test]
    public async Task A_right_password_costs_the_address_as_much_as_a_wrong_one()
    {
        await StartAsync("--Limits:LoginAttemptsPerAddress", "4");
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        for (var i = 0; i < 3; i++)
            await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        var before = Hasher.Verified;
        (await ann.AskAsync<ErrorFrame>(Login("ann", Password))).Error
            .Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.RetryAfterMs == 3_000);
        Hasher.Verified.Should().Be(before, "nothing was verified any more");
        Time.Advance(TimeSpan.FromSeconds(3));
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
    }

    [Test]
    public async Task A_hash_has_as_many_rounds_as_the_documents_say()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var hash = server.Services.GetRequiredService<IPasswordHasher<StoredAccount>>().HashPassword(null!, Password);
        var bytes = Convert.FromBase64String(hash);
        BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)).Should().Be(2, "HMAC-SHA-512");
        BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(5)).Should().Be(210_000);
    }

    [Test]
    public async Task Without_limits_attempts_are_not_counted()
    {
        await StartAsync("--Limits:Enabled", "false", "--Limits:LoginAttemptsPerAddress", "1", "--Limits:LoginAttemptsPerName", "1");
        var (eve, _) = await ConnectAsync("eve");
        for (var i = 0; i < 5; i++)
            (await eve.AskAsync<ErrorFrame>(Login("ann", "wrong password"))).Error.Code.Should().Be(ErrorCode.BadPassword);
    }
}
