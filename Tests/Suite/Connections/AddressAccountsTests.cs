using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

public sealed class AddressAccountsTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Connections_of_one_address_share_the_points_of_the_address()
    {
        var accounts = Create(new AddressOptions { PointBurst = 100, PointsPerSecond = 10 });
        var first = accounts.TryOpen("198.51.100.7:1000")!;
        var second = accounts.TryOpen("[::ffff:198.51.100.7]:2000")!;
        second.Should().BeSameAs(first);
        first.TryCharge(90, out _).Should().BeTrue();
        second.TryCharge(1, out var retryAfterMs).Should().BeFalse("the connections took the other ten points");
        retryAfterMs.Should().Be(100);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        second.TryCharge(1, out _).Should().BeTrue();
    }

    [Test]
    public void Points_of_an_address_can_become_negative_if_the_server_charges_them_after_the_work()
    {
        var account = Create(new AddressOptions { PointBurst = 100, PointsPerSecond = 10 }).TryOpen("198.51.100.7:1000")!;
        account.Charge(195);
        account.TryCharge(1, out var retryAfterMs).Should().BeFalse();
        retryAfterMs.Should().Be(10_100);
    }

    [Test]
    public void Full_table_removes_only_accounts_whose_points_are_full()
    {
        var accounts = Create(new AddressOptions());
        for (var i = 0; i < 100_000; i++)
            accounts.Close(accounts.TryOpen($"10.{i / 65536}.{i / 256 % 256}.{i % 256}:1")!);
        accounts.Count.Should().Be(100_000);

        // The table is full, and all its accounts lack points. So new addresses share one account.
        accounts.TryOpen("192.0.2.1:1").Should().BeSameAs(accounts.TryOpen("192.0.2.2:1"));

        _time.Advance(TimeSpan.FromMinutes(2));
        accounts.TryOpen("192.0.2.3:1").Should().NotBeSameAs(accounts.TryOpen("192.0.2.4:1"));
        accounts.Count.Should().Be(2);
    }

    private AddressAccounts Create(AddressOptions options) => new(Options.Create(options), _time);
}
