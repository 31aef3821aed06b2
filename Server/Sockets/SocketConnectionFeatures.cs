using System.Buffers;
using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The features of a <see cref="SocketConnection"/>. The connection itself implements most features, so these features need no entry. The
/// other features are in a list. This class replaces ASP.NET's feature collection, because a dictionary for each connection would take more
/// memory than the connection's two pipes. Not thread-safe.
/// </summary>
internal sealed class SocketConnectionFeatures(SocketConnection connection) : IFeatureCollection
{
    private readonly List<KeyValuePair<Type, object>> _others = new(capacity: 6);
    private int _revision;

    public bool IsReadOnly => false;

    public int Revision => _revision;

    public object? this[Type key]
    {
        get => IndexOf(key) is >= 0 and var index ? _others[index].Value : IsOwn(key) ? connection : null;
        set => Set(key, value);
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => Set(typeof(TFeature), instance);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() =>
        typeof(SocketConnection).GetInterfaces()
            .Where(key => IsOwn(key) && IndexOf(key) < 0)
            .Select(key => KeyValuePair.Create(key, (object)connection))
            .Concat(_others)
            .GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool IsOwn(Type key) =>
        key == typeof(IConnectionTransportFeature)
        || key == typeof(IConnectionLifetimeFeature)
        || key == typeof(IConnectionIdFeature)
        || key == typeof(IConnectionItemsFeature)
        || key == typeof(IConnectionSocketFeature)
        || key == typeof(IConnectionEndPointFeature)
        || key == typeof(IMemoryPoolFeature);

    private void Set(Type key, object? value)
    {
        _revision++;
        var index = IndexOf(key);
        if (index >= 0)
            _others.RemoveAt(index);
        if (value is not null && !(ReferenceEquals(value, connection) && IsOwn(key)))
            _others.Add(KeyValuePair.Create(key, value));
    }

    private int IndexOf(Type key)
    {
        for (var i = 0; i < _others.Count; i++)
        {
            if (_others[i].Key == key)
                return i;
        }

        return -1;
    }
}
